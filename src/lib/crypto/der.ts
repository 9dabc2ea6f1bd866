/** Reads DER, the encoding of certificates: elements with tag, content and children. Sizes are checked; nothing is evaluated. */

/** Bytes that are no DER. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

export interface DerElement {
  /** The whole identifier octet: 0x30 sequence, 0x02 integer … */
  readonly tag: number;
  readonly content: Uint8Array;
  /** With tag and length. */
  readonly whole: Uint8Array;
}

export const DER = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

/** The element at an offset. Throws DerError when it does not end inside the bytes. */
export function readDer(bytes: Uint8Array, offset = 0): DerElement {
  const tag = bytes[offset];
  if (tag === undefined || (tag & 0x1f) === 0x1f) throw new DerError('There is no DER element of a known form.');
  const [length, start] = readDerLength(bytes, offset + 1);
  const end = start + length;
  if (end > bytes.length) throw new DerError('A DER element is cut off.');
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(offset, end) };
}

/** A length and the offset behind it: one byte below 128, otherwise the number of bytes that follow. */
export function readDerLength(bytes: Uint8Array, offset: number): [length: number, end: number] {
  const first = bytes[offset];
  if (first === undefined) throw new DerError('A DER length is missing.');
  if (first < 0x80) return [first, offset + 1];
  const count = first & 0x7f;
  const end = offset + 1 + count;
  if (count === 0 || count > 4 || end > bytes.length) throw new DerError('A DER length has no usable form.');
  return [bytes.subarray(offset + 1, end).reduce((length, byte) => length * 256 + byte, 0), end];
}

/** The elements inside one. */
export function childrenOf(element: DerElement): DerElement[] {
  const children: DerElement[] = [];
  for (let offset = 0; offset < element.content.length; ) {
    const child = readDer(element.content, offset);
    children.push(child);
    offset += child.whole.length;
  }
  return children;
}

/** `1.2.840.113549.1.1.11` */
export function oidOf(element: DerElement): string {
  const [first = 0, ...rest] = arcsOf(element.content);
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...rest].join('.');
}

function arcsOf(content: Uint8Array): number[] {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  return arcs;
}

/** Milliseconds since 1970 of UTCTime or GeneralizedTime as certificates use them: in UTC, with seconds. */
export function timeOf({ tag, content }: DerElement): number {
  const text = Buffer.from(content).toString('latin1');
  const parts = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text)?.slice(1);
  if (!parts || (tag !== DER.utcTime && tag !== DER.generalizedTime)) throw new DerError(`No time: ${text}`);
  const [year = 0, month = 0, ...rest] = parts.map(Number);
  // Two digits mean 1950 to 2049 (RFC 5280)
  const full = parts[0]!.length === 4 ? year : year + (year < 50 ? 2000 : 1900);
  return Date.UTC(full, month - 1, ...(rest as [number, number, number, number]));
}
