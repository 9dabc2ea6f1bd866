/** What signatures say: who made them when, and until when they or the key hold (RFC 9580 §5.2). */
import { KeyError, subpacketLength } from './packets.ts';

export interface Signature {
  readonly type: number;
  readonly created: Date | null;
  /** Seconds after `created`. */
  readonly expirationTime: number | null;
  /** Seconds after the making of the key. */
  readonly keyExpirationTime: number | null;
  /** Id of the key, in hex. */
  readonly issuer: string | null;
  readonly signersUserId: string | null;
}

const CREATED = 2;
const EXPIRES = 3;
const KEY_EXPIRES = 9;
const ISSUER = 16;
const SIGNER = 28;
const ISSUER_FINGERPRINT = 33;

export function readSignature(body: Buffer): Signature {
  const version = body[0];
  if (version === 3 && body.length >= 17) return readOld(body);
  if (version !== 4 && version !== 6)
    throw new KeyError(`The key has a signature of version ${version}, which is not known.`);
  const found = subpacketsOf(body, version);
  const time = found.get(CREATED);
  return {
    type: body[1]!,
    created: time ? new Date(number(time) * 1000) : null,
    expirationTime: number(found.get(EXPIRES)) || null,
    keyExpirationTime: number(found.get(KEY_EXPIRES)) || null,
    issuer: found.get(ISSUER)?.toString('hex') ?? issuerOf(found.get(ISSUER_FINGERPRINT)),
    signersUserId: found.get(SIGNER)?.toString('utf8') ?? null,
  };
}

function readOld(body: Buffer): Signature {
  const created = new Date(body.readUInt32BE(3) * 1000);
  const rest = { expirationTime: null, keyExpirationTime: null, signersUserId: null };
  return { type: body[2]!, created, issuer: body.toString('hex', 7, 15), ...rest };
}

const number = (bytes: Buffer | undefined) => (bytes && bytes.length >= 4 ? bytes.readUInt32BE(0) : 0);

/** The id is the end of a fingerprint of version 4 and the start of one of version 6. */
function issuerOf(bytes: Buffer | undefined): string | null {
  if (!bytes || bytes.length < 21) return null;
  return bytes[0] === 4 ? bytes.toString('hex', bytes.length - 8) : bytes.toString('hex', 1, 9);
}

/** Of the signed part; the issuer also of the other, where older programs put it. */
function subpacketsOf(body: Buffer, version: number): Map<number, Buffer> {
  const wide = version === 6 ? 4 : 2;
  const hashed = areaAt(body, 4, wide);
  const other = areaAt(body, hashed.end, wide);
  const found = readSubpackets(other.bytes);
  for (const type of [...found.keys()]) if (type !== ISSUER && type !== ISSUER_FINGERPRINT) found.delete(type);
  for (const [type, bytes] of readSubpackets(hashed.bytes)) found.set(type, bytes);
  return found;
}

function areaAt(body: Buffer, at: number, wide: number): { bytes: Buffer; end: number } {
  const length = at + wide <= body.length ? body.readUIntBE(at, wide) : body.length;
  const end = at + wide + length;
  if (end > body.length) throw new KeyError('A signature of the key is not complete.');
  return { bytes: body.subarray(at + wide, end), end };
}

function readSubpackets(area: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at < area.length; ) {
    const { start, length } = subpacketLength(area, at);
    if (length < 1 || start + length > area.length) throw new KeyError('A signature of the key is not complete.');
    const type = area[start]! & 0x7f;
    if (!found.has(type)) found.set(type, area.subarray(start + 1, start + length));
    at = start + length;
  }
  return found;
}
