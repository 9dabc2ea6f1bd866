/** Reads an archive, whole or in pieces, without unpacking it: an index of its files, and their bytes as streams. */
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { BLOCK, readHeader, readPax } from './tar-header.ts';

const PIECE = 256 * 1024;
/** Headers of names are short. */
const MOST_HEADER = 1024 * 1024;

interface Part {
  readonly file: FileHandle;
  readonly start: number;
  readonly size: number;
}

interface Place {
  readonly start: number;
  readonly size: number;
}

/** Names and checksums of pieces, in order. Throws for a file that is not a table of contents. */
export async function readToc(path: string): Promise<Map<string, string>> {
  let files: unknown;
  try {
    files = (JSON.parse(await readFile(path, 'utf8')) as { files?: unknown }).files;
  } catch {
    throw new Error(`The file ${path} is no table of contents of an export.`);
  }
  if (typeof files !== 'object' || files === null) throw new Error(`The table of contents ${path} lists no files.`);
  return new Map(Object.entries(files).map(([name, sum]) => [join(dirname(path), basename(name)), String(sum)]));
}

/** Throws when a piece is not there or not as its checksum says; `done` is called after each. */
export async function checkPieces(
  pieces: ReadonlyMap<string, string>,
  done: () => void,
  signal: AbortSignal,
): Promise<void> {
  const missing: string[] = [];
  const damaged: string[] = [];
  for (const [path, expected] of pieces) {
    signal.throwIfAborted();
    const sum = await sumOf(path);
    if (sum === undefined) missing.push(basename(path));
    else if (sum !== Number.parseInt(expected, 16)) damaged.push(basename(path));
    done();
  }
  if (missing.length > 0) throw new Error(`Missing import-chunks named in table-of-contents: ${missing.join(', ')}.`);
  if (damaged.length > 0) throw new Error(`Import chunk hash mismatch: ${damaged.join(', ')}.`);
}

async function sumOf(path: string): Promise<number | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return undefined;
  try {
    if (!(await file.stat()).isFile()) return undefined;
    let sum = 0;
    const bytes = Buffer.allocUnsafe(PIECE);
    for (;;) {
      const { bytesRead } = await file.read(bytes, 0, PIECE, null);
      if (bytesRead === 0) return sum >>> 0;
      sum = crc32(bytes.subarray(0, bytesRead), sum);
    }
  } finally {
    await file.close();
  }
}

export class Archive {
  readonly #parts: readonly Part[];
  readonly #files = new Map<string, Place>();

  private constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  /** Opens the pieces, in order, as one archive; close it at the end. Throws when they are none, or when a name leads out of it. */
  static async open(paths: readonly string[]): Promise<Archive> {
    const parts: Part[] = [];
    const archive = new Archive(parts);
    try {
      for (const path of paths) {
        const file = await open(path, 'r');
        const last = parts.at(-1);
        const part = { file, start: last ? last.start + last.size : 0, size: 0 };
        parts.push(part);
        const found = await file.stat();
        if (!found.isFile()) throw new Error(`${path} is not a file, so it is no archive.`);
        part.size = found.size;
      }
      await archive.#index();
      return archive;
    } catch (error) {
      await archive.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const { file } of this.#parts) await file.close().catch(() => {});
  }

  get names(): Iterable<string> {
    return this.#files.keys();
  }

  has(name: string): boolean {
    return this.#files.has(name);
  }

  /** The bytes of a file. */
  async *stream(name: string): AsyncGenerator<Buffer> {
    const place = this.#files.get(name);
    if (!place) throw new Error(`The archive lacks ${name}.`);
    for (let at = place.start, left = place.size; left > 0; ) {
      const bytes = await this.#read(at, Math.min(left, PIECE));
      at += bytes.length;
      left -= bytes.length;
      yield bytes;
    }
  }

  async json(name: string): Promise<unknown> {
    return JSON.parse(Buffer.concat(await Array.fromAsync(this.stream(name))).toString('utf8'));
  }

  async #index(): Promise<void> {
    const last = this.#parts.at(-1);
    const length = last ? last.start + last.size : 0;
    let name: string | undefined;
    let size: number | undefined;
    for (let at = 0; at + BLOCK <= length; ) {
      const entry = readHeader(await this.#read(at, BLOCK));
      if (!entry) return;
      const start = at + BLOCK;
      const bytes = entry.type === '0' ? (size ?? entry.size) : entry.size;
      if (start + bytes > length) break;
      at = start + Math.ceil(bytes / BLOCK) * BLOCK;
      if (entry.type === 'x' || entry.type === 'L') {
        if (bytes > MOST_HEADER) throw new Error('The archive has a name that is too long.');
        const told = await this.#read(start, bytes);
        const pax = entry.type === 'x' ? readPax(told) : undefined;
        name = pax ? (pax.get('path') ?? name) : told.toString('utf8').replace(/\0+$/, '');
        if (pax?.has('size')) size = Number(pax.get('size'));
        continue;
      }
      if (entry.type !== 'g') {
        this.#note(name ?? entry.name, entry.type, { start, size: bytes });
        name = undefined;
        size = undefined;
      }
    }
    throw new Error('The archive ends before its end.');
  }

  /** Only files are of use; a name that leads out of the archive shows that somebody has tampered with it. */
  #note(name: string, type: string, place: Place): void {
    if (name.startsWith('/') || name.split('/').includes('..')) {
      throw new Error(`The archive has a file that leads out of it: ${name}`);
    }
    if (type === '0') this.#files.set(name.replace(/^\.\//, ''), place);
    else if (type !== '5') throw new Error(`The archive has an entry that is no file: ${name}`);
  }

  /** Exactly so many bytes, across the borders of pieces. */
  async #read(position: number, count: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(count);
    let filled = 0;
    for (const { file, start, size } of this.#parts) {
      while (filled < count && position + filled >= start && position + filled < start + size) {
        const from = position + filled - start;
        const { bytesRead } = await file.read(bytes, filled, Math.min(count - filled, size - from), from);
        if (bytesRead === 0) throw new Error('A piece of the archive has become shorter.');
        filled += bytesRead;
      }
    }
    if (filled < count) throw new Error('The archive ends before its end.');
    return bytes;
  }
}
