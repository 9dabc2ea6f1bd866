/** A public key taken apart: the key, its user ids, attributes and subkeys, each with the signatures that follow it (RFC 9580 §10.1). */
import { createHash } from 'node:crypto';
import { unarmor } from './armor.ts';
import { KeyError, type Packet, readPackets } from './packets.ts';
import { readSignature, type Signature } from './signature.ts';

export const TAGS = { signature: 2, key: 6, userId: 13, subkey: 14, attribute: 17 } as const;
/** Trust, markers and padding say nothing to others. */
const IGNORED: readonly number[] = [10, 12, 21];
const SECRET: readonly number[] = [5, 7];

export interface SignaturePart extends Signature {
  readonly sha256: string;
  readonly body: Buffer;
}

interface Part {
  readonly body: Buffer;
  readonly signatures: SignaturePart[];
}
interface KeyPart extends Part {
  readonly fingerprint: string;
  readonly created: Date;
}
interface UserIdPart extends Part {
  readonly userId: string;
}
interface AttributePart extends Part {
  readonly sha256: string;
}

export interface PublicKey extends KeyPart {
  readonly userIds: UserIdPart[];
  readonly attributes: AttributePart[];
  readonly subkeys: KeyPart[];
}

/** Reads one key, in ASCII or as it is. Throws KeyError. */
export function readPublicKey(bytes: Buffer): PublicKey {
  const [first, ...rest] = readPackets(unarmor(bytes)).filter(({ tag }) => !IGNORED.includes(tag));
  if (!first || SECRET.includes(first.tag)) throw new KeyError('This is not a public key.');
  if (first.tag !== TAGS.key) throw new KeyError('The first packet is not that of a public key.');
  const key: PublicKey = { ...keyPart(first.body), userIds: [], attributes: [], subkeys: [] };
  let last: Part = key;
  for (const packet of rest) {
    if (packet.tag === TAGS.signature) last.signatures.push(signaturePart(packet));
    else last = addPart(key, packet);
  }
  return key;
}

function addPart(key: PublicKey, { tag, body }: Packet): Part {
  if (tag === TAGS.userId)
    return added(key.userIds, { body, signatures: [], userId: body.toString('utf8').replaceAll('\0', '') });
  if (tag === TAGS.attribute) return added(key.attributes, { body, signatures: [], sha256: sha256(body) });
  if (tag === TAGS.subkey) return added(key.subkeys, keyPart(body));
  if (tag === TAGS.key) throw new KeyError('There are several keys: send one at a time.');
  throw new KeyError(
    SECRET.includes(tag) ? 'This is not a public key.' : `The key has a packet of the unknown type ${tag}.`,
  );
}

function added<T>(list: T[], part: T): T {
  list.push(part);
  return part;
}

function signaturePart({ body }: Packet): SignaturePart {
  return { ...readSignature(body), body, sha256: sha256(body) };
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

function keyPart(body: Buffer): KeyPart {
  if (body.length < 6) throw new KeyError('A key is not complete.');
  return { body, signatures: [], fingerprint: fingerprintOf(body), created: new Date(body.readUInt32BE(1) * 1000) };
}

/** Versions 4 and 6; older ones have been refused by all programs for long. */
function fingerprintOf(body: Buffer): string {
  const version = body[0];
  if (version === 4 && body.length < 65536) {
    const head = Buffer.from([0x99, body.length >> 8, body.length & 255]);
    return createHash('sha1').update(head).update(body).digest('hex');
  }
  if (version !== 6) throw new KeyError(`Keys of version ${version} are not supported.`);
  const head = Buffer.alloc(5, 0x9b);
  head.writeUInt32BE(body.length, 1);
  return createHash('sha256').update(head).update(body).digest('hex');
}

/** The id of a key by its fingerprint, in lower-case hex: the end of one of 20 bytes, the start of one of 32. */
export function keyIdOf(fingerprint: string): string {
  return fingerprint.length === 40 ? fingerprint.slice(-16) : fingerprint.slice(0, 16);
}
