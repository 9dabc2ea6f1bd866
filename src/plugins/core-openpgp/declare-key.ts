/** A public key as units of content: the key, and its parts as companions. */
import { readFile } from 'node:fs/promises';
import { ValidationError } from '../../lib/errors.ts';
import type { ContentType, DeclaredContent, UploadInput, Values } from '../../plugin-api/index.ts';
import { publicKeyType, publicSubkeyType, signatureType, userAttributeType, userIdType } from './content.ts';
import { KeyError } from './formats/packets.ts';
import { type PublicKey, readPublicKey, type SignaturePart } from './formats/public-key.ts';
import { signedName } from './formats/signed-name.ts';

const LARGEST = 8 * 1024 * 1024;

/** Throws ValidationError for what is not exactly one public key. */
export async function readKeyUpload({ file, size }: UploadInput): Promise<DeclaredContent> {
  try {
    if (size > LARGEST) throw new KeyError(`Keys of more than ${LARGEST} bytes are not accepted.`);
    return declareKey(readPublicKey(await readFile(file)));
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    throw ValidationError.field('file', error.message);
  }
}

export function declareKey(key: PublicKey): DeclaredContent {
  const { fingerprint } = key;
  const part = (type: ContentType, body: Buffer, values: Values): DeclaredContent =>
    unit(type, body, { public_key: fingerprint, ...values });
  const signatures = (signed: string, made: readonly SignaturePart[]) =>
    made.map((one) => part(signatureType, one.body, { signed, ...signatureValues(one) }));
  const companions = [
    ...signatures('', key.signatures),
    ...key.userIds.flatMap(({ body, userId, signatures: made }) => [
      part(userIdType, body, { user_id: userId }),
      ...signatures(signedName.userId(userId), made),
    ]),
    ...key.attributes.flatMap(({ body, sha256, signatures: made }) => [
      part(userAttributeType, body, { sha256 }),
      ...signatures(signedName.attribute(sha256), made),
    ]),
    ...key.subkeys.flatMap(({ body, fingerprint: own, created, signatures: made }) => [
      part(publicSubkeyType, body, { fingerprint: own, created: created.toISOString() }),
      ...signatures(signedName.subkey(own), made),
    ]),
  ];
  return { ...unit(publicKeyType, key.body, { fingerprint, created: key.created.toISOString() }), companions };
}

function unit(type: ContentType, body: Buffer, values: Values): DeclaredContent {
  return { type, values: { ...values, raw_data: body.toString('base64') }, artifacts: [] };
}

function signatureValues(one: SignaturePart): Values {
  return {
    sha256: one.sha256,
    signature_type: one.type,
    created: one.created?.toISOString() ?? null,
    expiration_time: one.expirationTime,
    key_expiration_time: one.keyExpirationTime,
    issuer: one.issuer,
    signers_user_id: one.signersUserId?.replaceAll('\0', '') ?? null,
  };
}
