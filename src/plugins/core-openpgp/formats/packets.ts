/** Packets of OpenPGP (RFC 9580 §4): read with bounds, written with headers of the present form. */

export interface Packet {
  readonly tag: number;
  readonly body: Buffer;
}

/** What is no key, or no OpenPGP at all; the message is for whoever sent it. */
export class KeyError extends Error {}

/** Keys with more parts than this would only be there to do harm. */
const MOST_PACKETS = 20_000;

export function readPackets(bytes: Buffer): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (packets.length === MOST_PACKETS) throw new KeyError(`The key has more than ${MOST_PACKETS} packets.`);
    const { tag, start, length } = headerAt(bytes, at);
    if (start + length > bytes.length) throw new KeyError('The key ends in the middle of a packet.');
    packets.push({ tag, body: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return packets;
}

function headerAt(bytes: Buffer, at: number): { tag: number; start: number; length: number } {
  const first = bytes[at]!;
  if (!(first & 0x80)) throw new KeyError('This is not an OpenPGP key.');
  if (first & 0x40) return { tag: first & 0x3f, ...newLength(bytes, at + 1) };
  const kind = first & 3;
  if (kind === 3) throw new KeyError('A packet of the key does not tell its length.');
  const size = 2 ** kind;
  if (at + 1 + size > bytes.length) throw new KeyError('The key ends in the middle of a packet.');
  return { tag: (first >> 2) & 15, start: at + 1 + size, length: bytes.readUIntBE(at + 1, size) };
}

/** Length in one, two or five octets; also that of subpackets. Partial lengths are for data, not for keys. */
function newLength(bytes: Buffer, at: number): { start: number; length: number } {
  const first = bytes[at] ?? 255;
  if (first < 192) return { start: at + 1, length: first };
  if (first < 224) return { start: at + 2, length: ((first - 192) << 8) + (bytes[at + 1] ?? 0) + 192 };
  if (first < 255 || at + 5 > bytes.length)
    throw new KeyError('A packet of the key has a length that keys do not have.');
  return { start: at + 5, length: bytes.readUInt32BE(at + 1) };
}

/** Lengths of subpackets go on to two octets up to 254 in the first. */
export function subpacketLength(bytes: Buffer, at: number): { start: number; length: number } {
  const first = bytes[at]!;
  if (first >= 224 && first < 255) return { start: at + 2, length: ((first - 192) << 8) + (bytes[at + 1] ?? 0) + 192 };
  return newLength(bytes, at);
}

export function writePacket({ tag, body }: Packet): Buffer {
  const { length } = body;
  const head =
    length < 192
      ? [length]
      : length < 8384
        ? [((length - 192) >> 8) + 192, (length - 192) & 255]
        : [255, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255];
  return Buffer.concat([Buffer.from([0xc0 | tag, ...head]), body]);
}
