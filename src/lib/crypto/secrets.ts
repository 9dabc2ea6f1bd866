/** Encryption of secrets at rest: AES-256-GCM with rotating keys; values and key files of Pulp (Fernet) can be read too. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { decryptFernet, isFernet } from './fernet.ts';
import { readKeyFile, readOrCreateKeyFile } from './key-file.ts';

const PREFIX = 'v1';
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A value cannot be read: it is damaged, or its key is not in the key file. The text never holds the value. */
export class SecretsError extends Error {
  override readonly name = 'SecretsError';
}

interface Key {
  id: string;
  raw: Buffer;
  cipherKey: Buffer;
}

/** A key of 32 bytes may serve Fernet too, so our cipher's key and its public name are derived from them, each on its own. */
function deriveKey(raw: Buffer): Key {
  const derive = (use: string, bytes: number) => Buffer.from(hkdfSync('sha256', raw, '', `deckle ${use}`, bytes));
  return { id: derive('key id', 4).toString('hex'), raw, cipherKey: derive(CIPHER, 32) };
}

/** Encrypts with the first key and decrypts with any. */
export class Secrets {
  readonly #keys: readonly Key[];

  /** `keys` are 32 bytes each, the current one first. */
  constructor(keys: readonly Buffer[]) {
    if (keys.length === 0) throw new SecretsError('There is no encryption key.');
    if (keys.some((key) => key.length !== 32)) throw new SecretsError('An encryption key must have 32 bytes.');
    this.#keys = keys.map(deriveKey);
  }

  /** Reads a key file (one base64 key a line); undefined when there is none. */
  static async read(file: string): Promise<Secrets | undefined> {
    const keys = await readKeyFile(file);
    return keys && new Secrets(keys);
  }

  /** Reads a key file, or creates it with a random key when it does not exist. */
  static async load(file: string): Promise<Secrets> {
    return new Secrets(await readOrCreateKeyFile(file));
  }

  /** `v1:<key id>:<base64url of iv, tag, text>`; the same text gives another token each time. */
  encrypt(text: string): string {
    const key = this.#keys[0]!;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, key.cipherKey, iv);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return `${PREFIX}:${key.id}:${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')}`;
  }

  /** The text of a token of ours or of a Fernet token. Throws SecretsError. */
  decrypt(token: string): string {
    if (isFernet(token)) return this.#decryptFernet(token);
    const [prefix, id, body] = token.split(':');
    if (prefix !== PREFIX || body === undefined) throw new SecretsError('An encrypted value has an unknown form.');
    const key = this.#keys.find((one) => one.id === id);
    if (!key) throw new SecretsError(`The key ${id} of an encrypted value is not in the key file.`);
    return open(key, Buffer.from(body, 'base64url'));
  }

  /** Whether a key of the file fits the token. */
  canRead(token: string): boolean {
    try {
      this.decrypt(token);
      return true;
    } catch (error) {
      if (error instanceof SecretsError) return false;
      throw error;
    }
  }

  /** True when a token is not of the current key and form: decrypt it and encrypt it again. */
  needsRotation(token: string): boolean {
    return !token.startsWith(`${PREFIX}:${this.#keys[0]!.id}:`);
  }

  #decryptFernet(token: string): string {
    for (const { raw } of this.#keys) {
      const text = decryptFernet(token, raw);
      if (text !== undefined) return text;
    }
    throw new SecretsError('No key of the key file fits an encrypted value.');
  }
}

function open(key: Key, sealed: Buffer): string {
  try {
    const decipher = createDecipheriv(CIPHER, key.cipherKey, sealed.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    throw new SecretsError('An encrypted value is damaged.');
  }
}
