/** Headers of tar archives: written as POSIX pax where names or sizes need it, read as pax, GNU and ustar. */

export const BLOCK = 512;
/** Largest size the eleven octal digits of a header hold. */
const MOST_OCTAL = 0o77777777777;

interface TarEntry {
  readonly name: string;
  readonly size: number;
  /** `0` regular file, `5` directory, `x` and `g` pax, `L` a long name of GNU, … */
  readonly type: string;
}

/** The header of a file, with a pax header before it where one is needed. */
export function tarHeader(name: string, size: number, seconds: number): Buffer {
  const short = Buffer.byteLength(name) <= 100 && /^[\x20-\x7e]*$/.test(name);
  if (short && size <= MOST_OCTAL) return plainHeader(name, size, seconds, '0');
  const pax = Buffer.from(paxRecord('path', name) + (size > MOST_OCTAL ? paxRecord('size', String(size)) : ''));
  const shown = Buffer.from(name)
    .subarray(0, 90)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '_');
  return Buffer.concat([
    plainHeader(`PaxHeaders/${shown.slice(-80)}`, pax.length, seconds, 'x'),
    padded(pax),
    plainHeader(shown, Math.min(size, MOST_OCTAL), seconds, '0'),
  ]);
}

/** Zeros up to the next block. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, padding(bytes.length)]);
}

/** `<length> key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (length !== Buffer.byteLength(rest) + String(length).length)
    length = Buffer.byteLength(rest) + String(length).length;
  return `${length}${rest}`;
}

function plainHeader(name: string, size: number, seconds: number, type: string): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number) =>
    header.write(value.toString(8).padStart(digits, '0'), at, digits, 'latin1');
  header.write(name, 0, 100, 'latin1');
  octal(0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(Math.floor(seconds), 136, 11);
  header.write(type, 156, 1, 'latin1');
  header.write('ustar\u000000', 257, 8, 'latin1');
  header.fill(0x20, 148, 156);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  header[154] = 0;
  return header;
}

/** The entry of a header block; undefined for the zeros at the end. Throws for what is no header. */
export function readHeader(block: Buffer): TarEntry | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (sum !== octalAt(block, 148, 8)) throw new Error('The archive is damaged or no tar archive.');
  const prefix = block.toString('latin1', 257, 262) === 'ustar' ? textAt(block, 345, 155) : '';
  const name = textAt(block, 0, 100);
  return {
    name: prefix ? `${prefix}/${name}` : name,
    size: octalAt(block, 124, 12),
    type: block[156] === 0 ? '0' : String.fromCharCode(block[156]!),
  };
}

function textAt(block: Buffer, at: number, length: number): string {
  const bytes = block.subarray(at, at + length);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? length : end);
}

/** Octal digits, or big-endian bytes behind a first one of 0x80 for what has no room in them. */
function octalAt(block: Buffer, at: number, length: number): number {
  if (block[at]! & 0x80) return Number(block.readBigUInt64BE(at + length - 8));
  const digits = block.toString('latin1', at, at + length).replace(/[\0 ]+/g, '');
  const value = digits === '' ? 0 : Number.parseInt(digits, 8);
  if (!Number.isSafeInteger(value) || !/^[0-7]*$/.test(digits))
    throw new Error('The archive is damaged or no tar archive.');
  return value;
}

/** Keys and values of a pax header. */
export function readPax(bytes: Buffer): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? 0 : Number(bytes.toString('latin1', at, space));
    if (!Number.isInteger(length) || length <= 0) break;
    const [key = '', ...value] = bytes.toString('utf8', space + 1, at + length - 1).split('=');
    found.set(key, value.join('='));
    at += length;
  }
  return found;
}
