/** Reads single members of a zip file: the directory at its end (zip64 too) and bounded members, never the whole file. */
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { PackageError } from './package-error.ts';

const inflate = promisify(inflateRaw) as (data: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;

interface ZipMember {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly checksum: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly offset: number;
}

/** Largest directory that is read; a wheel of 100,000 files has about 15 MB. */
const MAX_DIRECTORY = 64 * 1024 * 1024;
const END_SIZE = 22;
const MAX_COMMENT = 0xffff;
const LOCATOR_SIZE = 20;

export class ZipReader {
  readonly #file: FileHandle;
  readonly #size: number;

  private constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** Opens a file and gives a reader to `work`. Throws PackageError for what is no zip file or one beyond the limits. */
  static async use<T>(path: string, work: (zip: ZipReader) => Promise<T>): Promise<T> {
    const file = await open(path, 'r');
    try {
      return await work(new ZipReader(file, (await file.stat()).size));
    } finally {
      await file.close();
    }
  }

  /** The members whose names pass the test, in the order of the directory. */
  async members(wanted: (name: string) => boolean): Promise<ZipMember[]> {
    const { offset, size, before } = await this.#directory();
    if (size > MAX_DIRECTORY) throw new PackageError('the directory of the zip file is too large');
    const directory = await this.#read(before + offset, size);
    const members: ZipMember[] = [];
    for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === 0x02014b50; ) {
      const nameLength = directory.readUInt16LE(at + 28);
      const extraLength = directory.readUInt16LE(at + 30);
      const end = at + 46 + nameLength + extraLength;
      if (end > directory.length) throw new PackageError('the directory of the zip file is damaged');
      const name = directory.toString('utf8', at + 46, at + 46 + nameLength);
      if (wanted(name))
        members.push(memberAt(directory, at, name, { before, extra: directory.subarray(end - extraLength, end) }));
      at = end + directory.readUInt16LE(at + 32);
    }
    return members;
  }

  /** The bytes of a member of at most `limit` bytes; throws PackageError for larger, encrypted or damaged ones. */
  async read(member: ZipMember, limit: number): Promise<Buffer> {
    if (member.encrypted) throw new PackageError(`${member.name} is encrypted`);
    if (member.size > limit || member.compressedSize > limit)
      throw new PackageError(`${member.name} is larger than ${limit} bytes`);
    const header = await this.#read(member.offset, 30);
    if (header.readUInt32LE(0) !== 0x04034b50) throw new PackageError(`${member.name} is damaged`);
    const start = member.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
    const data = await this.#read(start, member.compressedSize);
    const bytes = member.method === 0 ? data : await this.#unpack(member, data, limit);
    if (crc32(bytes) !== member.checksum) throw new PackageError(`${member.name} is damaged`);
    return bytes;
  }

  async #unpack(member: ZipMember, data: Buffer, limit: number): Promise<Buffer> {
    if (member.method !== 8) throw new PackageError(`${member.name} is compressed by method ${member.method}`);
    return await inflate(data, { maxOutputLength: limit }).catch(() => {
      throw new PackageError(`${member.name} is damaged`);
    });
  }

  /** `before`: bytes before the archive, which may be behind a program that unpacks it; its offsets do not count them. */
  async #directory(): Promise<{ offset: number; size: number; before: number }> {
    const tailSize = Math.min(this.#size, END_SIZE + MAX_COMMENT + LOCATOR_SIZE);
    const tail = await this.#read(this.#size - tailSize, tailSize);
    const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]), tail.length - END_SIZE);
    if (tail.length < END_SIZE || end < 0) throw new PackageError('it is no zip file');
    const found = { size: tail.readUInt32LE(end + 12), offset: tail.readUInt32LE(end + 16) };
    const isLarge = found.size === 0xffffffff || found.offset === 0xffffffff || tail.readUInt16LE(end + 10) === 0xffff;
    const locator = end - LOCATOR_SIZE;
    if (!isLarge || locator < 0 || tail.readUInt32LE(locator) !== 0x07064b50) {
      return { ...found, before: Math.max(0, this.#size - tailSize + end - found.size - found.offset) };
    }
    const large = await this.#read(Number(tail.readBigUInt64LE(locator + 8)), 56);
    if (large.readUInt32LE(0) !== 0x06064b50) throw new PackageError('the end of the zip file is damaged');
    return { size: Number(large.readBigUInt64LE(40)), offset: Number(large.readBigUInt64LE(48)), before: 0 };
  }

  async #read(offset: number, length: number): Promise<Buffer> {
    if (offset < 0 || offset + length > this.#size) throw new PackageError('the zip file is cut off');
    const buffer = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#file.read(buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) throw new PackageError('the zip file is cut off');
      filled += bytesRead;
    }
    return buffer;
  }
}

function memberAt(
  directory: Buffer,
  at: number,
  name: string,
  { before, extra }: { readonly before: number; readonly extra: Buffer },
): ZipMember {
  const small = [directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 42)];
  const [size, compressedSize, offset] = small.includes(0xffffffff) ? largeNumbers(small, extra) : small;
  return {
    name,
    method: directory.readUInt16LE(at + 10),
    checksum: directory.readUInt32LE(at + 16),
    encrypted: (directory.readUInt16LE(at + 8) & 1) === 1,
    size: size!,
    compressedSize: compressedSize!,
    offset: before + offset!,
  };
}

/** The zip64 field has, in this order, only those numbers that do not fit elsewhere. */
function largeNumbers(numbers: readonly number[], extra: Buffer): number[] {
  const found = [...numbers];
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let place = at + 4;
    for (let i = 0; i < found.length && place + 8 <= extra.length; i++) {
      if (found[i] !== 0xffffffff) continue;
      found[i] = Number(extra.readBigUInt64LE(place));
      place += 8;
    }
  }
  return found;
}
