/** Walks through a tar stream and gives small members to whoever asks for them; nothing is unpacked. */
import { PackageError } from './package-error.ts';

const BLOCK = 512;

interface TarLimits {
  /** Bytes of the unpacked stream that are read at most. */
  readonly total: number;
  /** Largest member that is given out. */
  readonly member: number;
}

/** Hands out a stream in pieces of asked sizes. */
class Pieces {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  #left: number;

  constructor(source: AsyncIterable<Uint8Array>, limit: number) {
    this.#source = source[Symbol.asyncIterator]();
    this.#left = limit;
  }

  /** Exactly so many bytes, or undefined at the end of the stream. */
  async take(size: number): Promise<Buffer | undefined> {
    const parts: Uint8Array[] = [];
    let missing = size;
    while (missing > 0) {
      if (this.#rest.length === 0 && !(await this.#more())) return undefined;
      const part = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(part.length);
      missing -= part.length;
      parts.push(part);
    }
    return Buffer.concat(parts, size);
  }

  async skip(size: number): Promise<void> {
    let missing = size;
    while (missing > 0) {
      if (this.#rest.length === 0 && !(await this.#more())) return;
      const step = Math.min(missing, this.#rest.length);
      this.#rest = this.#rest.subarray(step);
      missing -= step;
    }
  }

  async end(): Promise<void> {
    await this.#source.return?.();
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done) return false;
    this.#rest = next.value;
    this.#left -= next.value.length;
    if (this.#left < 0) throw new PackageError('the archive is too large when unpacked');
    return true;
  }
}

const text = (block: Buffer, from: number, to: number) => {
  const end = block.indexOf(0, from);
  return block.toString('utf8', from, end < 0 || end > to ? to : end);
};

/** Octal digits, or a big-endian number where the first bit is set. */
function numberAt(block: Buffer, from: number, to: number): number {
  if ((block[from]! & 0x80) === 0) return Number.parseInt(text(block, from, to).trim() || '0', 8);
  return block.subarray(from + 1, to).reduce((sum, byte) => sum * 256 + byte, block[from]! & 0x7f);
}

/** The `path` record of an extended header: `<length> path=<value>\n`. */
function paxPath(data: Buffer): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(data.toString('utf8'))?.[1];
}

/**
 * Calls `visit` with the name and a reader of each regular file until it answers false. Long names of GNU and pax archives are
 * understood. Throws PackageError for a stream beyond the limits or one that is no tar archive.
 */
export async function walkTar(
  source: AsyncIterable<Uint8Array>,
  limits: TarLimits,
  visit: (name: string, read: () => Promise<Buffer>) => Promise<boolean>,
): Promise<void> {
  const pieces = new Pieces(source, limits.total);
  try {
    let longName: string | undefined;
    for (let block = await pieces.take(BLOCK); block && block[0] !== 0; block = await pieces.take(BLOCK)) {
      const size = numberAt(block, 124, 136);
      if (!Number.isSafeInteger(size) || size < 0 || !hasItsChecksum(block))
        throw new PackageError('it is no tar archive');
      const type = String.fromCharCode(block[156]!);
      if (type === 'L' || type === 'x') {
        const data = await readMember(pieces, size, limits.member);
        longName = type === 'L' ? data.toString('utf8').replace(/\0.*$/s, '') : (paxPath(data) ?? longName);
        continue;
      }
      const name = longName ?? nameOf(block);
      if (type !== 'g' && type !== 'K') longName = undefined;
      if (!(await visitMember(pieces, { name, size, isFile: type === '0' || type === '\0' }, limits, visit))) return;
    }
  } finally {
    await pieces.end();
  }
}

/** The sum of all bytes of a header, with those of the sum itself as blanks; old programs took the bytes for signed. */
function hasItsChecksum(block: Buffer): boolean {
  const told = numberAt(block, 148, 156);
  let unsigned = 8 * 32;
  let signed = unsigned;
  for (const [at, byte] of block.entries()) {
    if (at >= 148 && at < 156) continue;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  return told === unsigned || told === signed;
}

function nameOf(block: Buffer): string {
  const prefix = text(block, 257, 262) === 'ustar' ? text(block, 345, 500) : '';
  return (prefix ? `${prefix}/` : '') + text(block, 0, 100);
}

async function visitMember(
  pieces: Pieces,
  member: { name: string; size: number; isFile: boolean },
  limits: TarLimits,
  visit: (name: string, read: () => Promise<Buffer>) => Promise<boolean>,
): Promise<boolean> {
  let taken = false;
  const read = async () => {
    taken = true;
    return await readMember(pieces, member.size, limits.member);
  };
  const goOn = member.isFile ? await visit(member.name, read) : true;
  if (goOn && !taken) await pieces.skip(padded(member.size));
  return goOn;
}

const padded = (size: number) => Math.ceil(size / BLOCK) * BLOCK;

async function readMember(pieces: Pieces, size: number, limit: number): Promise<Buffer> {
  if (size > limit) throw new PackageError(`a member of the archive is larger than ${limit} bytes`);
  const data = await pieces.take(padded(size));
  if (!data) throw new PackageError('the archive is cut off');
  return data.subarray(0, size);
}
