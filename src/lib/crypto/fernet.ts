/** Reading of Fernet tokens (github.com/fernet/spec), the form in which Pulp stores its secrets. */
import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';

const VERSION = 0x80;
const IV_AT = 9;
const BODY_AT = 25;
const MAC_BYTES = 32;

/** True when a text has the outer form of a Fernet token. */
export function isFernet(token: string): boolean {
  return /^gAAAA[A-Za-z0-9_-]+={0,2}$/.test(token);
}

/** The text of a token, or undefined when the 32-byte key is not the one it was made with. */
export function decryptFernet(token: string, key: Buffer): string | undefined {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length < BODY_AT + MAC_BYTES || bytes[0] !== VERSION) return undefined;
  const signed = bytes.subarray(0, -MAC_BYTES);
  const mac = createHmac('sha256', key.subarray(0, 16)).update(signed).digest();
  if (!timingSafeEqual(mac, bytes.subarray(-MAC_BYTES))) return undefined;
  const decipher = createDecipheriv('aes-128-cbc', key.subarray(16), signed.subarray(IV_AT, BODY_AT));
  return decipher.update(signed.subarray(BODY_AT), undefined, 'utf8') + decipher.final('utf8');
}
