/** The framing of git's smart HTTP protocol: lines with their length in front, and three markers. */

/** Longest line there can be: 65520 bytes with its four digits. */
const MOST = 65_520;

export type Packet = Buffer | 'flush' | 'delimiter' | 'end';

const MARKERS: Readonly<Record<string, Packet>> = { '0000': 'flush', '0001': 'delimiter', '0002': 'end' };

export const FLUSH = '0000';
export const DELIMITER = '0001';

/** A line with its length in front. */
export function packetLine(text: string): string {
  return (Buffer.byteLength(text) + 4).toString(16).padStart(4, '0') + text;
}

/** The packets of a body. Throws for what is no such framing, and for a body that ends within a packet. */
export async function* readPackets(body: AsyncIterable<Uint8Array>): AsyncGenerator<Packet> {
  let rest = Buffer.alloc(0);
  for await (const piece of body) {
    rest = rest.length === 0 ? Buffer.from(piece) : Buffer.concat([rest, piece]);
    let at = 0;
    for (let next = packetAt(rest, at); next; next = packetAt(rest, at)) {
      at += next.length;
      yield next.packet;
    }
    rest = rest.subarray(at);
  }
  if (rest.length > 0) throw new Error('the answer ends in the middle of a packet');
}

function packetAt(bytes: Buffer, at: number): { packet: Packet; length: number } | undefined {
  if (bytes.length < at + 4) return undefined;
  const digits = bytes.toString('latin1', at, at + 4);
  const marker = MARKERS[digits];
  if (marker) return { packet: marker, length: 4 };
  const length = /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : 0;
  if (length < 4 || length > MOST) throw new Error('the answer is not in the smart HTTP protocol of git');
  if (bytes.length < at + length) return undefined;
  return { packet: bytes.subarray(at + 4, at + length), length };
}

/** A packet as a line of text; markers are undefined. Throws what the server says in an ERR line. */
export function lineOf(packet: Packet): string | undefined {
  if (!Buffer.isBuffer(packet)) return undefined;
  const line = packet.toString('utf8').replace(/\n$/, '');
  if (line.startsWith('ERR ')) throw new Error(line.slice(4));
  return line;
}
