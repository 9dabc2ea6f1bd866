/** Names of the parts of a public key that signatures are about. */

/** What a signature is about, within its key; '' is the key itself. */
export const signedName = {
  userId: (userId: string) => `userid:${userId}`,
  attribute: (sha256: string) => `userattribute:${sha256}`,
  subkey: (fingerprint: string) => `publicsubkey:${fingerprint}`,
} as const;
