/** A pack of git objects in a local file: finds its objects by their names and reads them, large ones as streams. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { applyDelta, resultSize } from './delta.ts';
import { inflateLarge } from './inflate-large.ts';
import { hashObject, type ObjectType, type PackEntry } from './pack-entry.ts';
import { inflateSmall, SMALL } from './pack-window.ts';
import { resolveDeltas } from './resolve-deltas.ts';
import { scanPack } from './scan-pack.ts';
import type { ObjectFormat } from './upload-pack.ts';

/** Objects that were made by deltas are held in memory; git does not make deltas of larger ones unless told to. */
const MOST_IN_MEMORY = 512 * 1024 * 1024;
/** Objects read lately, as bases of others. */
const CACHE_BYTES = 32 * 1024 * 1024;

export class PackFile {
  readonly format: ObjectFormat;
  readonly #file: FileHandle;
  readonly #byName = new Map<string, PackEntry>();
  readonly #cache = new Map<PackEntry, Buffer>();
  #cached = 0;

  private constructor(file: FileHandle, format: ObjectFormat) {
    this.#file = file;
    this.format = format;
  }

  /** Writes a received pack to `path` and learns what is in it. Throws for one that is damaged or not complete. */
  static async receive(bytes: AsyncIterable<Uint8Array>, path: string, format: ObjectFormat): Promise<PackFile> {
    const file = await open(path, 'wx+', 0o600);
    const pack = new PackFile(file, format);
    try {
      await pack.#index(await writePack(file, bytes, format));
      return pack;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  get names(): Iterable<string> {
    return this.#byName.keys();
  }

  /** Type and size of an object. */
  find(oid: string): { readonly type: ObjectType; readonly size: number } | undefined {
    const entry = this.#byName.get(oid);
    return entry?.type && { type: entry.type, size: entry.size };
  }

  /** The bytes of an object as a whole. */
  async read(oid: string): Promise<Buffer> {
    return await this.#bytes(this.#require(oid));
  }

  /** The bytes of an object in pieces. */
  async *stream(oid: string): AsyncGenerator<Uint8Array> {
    const entry = this.#require(oid);
    if (entry.base !== undefined || entry.size <= SMALL) yield await this.#bytes(entry);
    else yield* this.#inflate(entry);
  }

  #require(oid: string): PackEntry {
    const entry = this.#byName.get(oid);
    if (!entry) throw new Error(`the pack lacks the object ${oid}`);
    return entry;
  }

  async #index(length: number): Promise<void> {
    const deltas: PackEntry[] = [];
    for await (const entry of scanPack(this.#file, length, this.format)) {
      if (entry.oid === undefined) deltas.push(entry);
      else this.#byName.set(entry.oid, entry);
    }
    await resolveDeltas(deltas, {
      whole: this.#byName,
      read: (entry) => this.#bytes(entry),
      make: async (base, entry) => applyDelta(base, await this.#stored(entry)),
      name: (entry, bytes) => hashObject(this.format, entry.type!, bytes.length).update(bytes).digest('hex'),
    });
  }

  async #bytes(entry: PackEntry): Promise<Buffer> {
    const known = this.#cache.get(entry);
    if (known) return known;
    let bytes = await this.#stored(entry);
    if (entry.base !== undefined) bytes = applyDelta(await this.#bytes(entry.baseEntry!), bytes);
    this.#keep(entry, bytes);
    return bytes;
  }

  #keep(entry: PackEntry, bytes: Buffer): void {
    if (bytes.length > CACHE_BYTES / 4) return;
    this.#cache.set(entry, bytes);
    this.#cached += bytes.length;
    for (const [oldest, its] of this.#cache) {
      if (this.#cached <= CACHE_BYTES) break;
      this.#cache.delete(oldest);
      this.#cached -= its.length;
    }
  }

  /** What is in the pack for an entry: the object, or the delta. */
  async #stored(entry: PackEntry): Promise<Buffer> {
    if (entry.stored > MOST_IN_MEMORY) throw new Error(`an object of ${entry.stored} bytes is too large to be changed`);
    const bytes = entry.stored <= SMALL ? await this.#small(entry) : undefined;
    const all = bytes ?? Buffer.concat(await Array.fromAsync(this.#inflate(entry)));
    if (entry.base !== undefined && resultSize(all) > MOST_IN_MEMORY) {
      throw new Error(`an object of ${resultSize(all)} bytes is too large to be made from a delta`);
    }
    return all;
  }

  async #small(entry: PackEntry): Promise<Buffer | undefined> {
    const window = Buffer.allocUnsafe(entry.stored + (entry.stored >> 8) + 256);
    const { bytesRead } = await this.#file.read(window, 0, window.length, entry.data);
    return inflateSmall(window.subarray(0, bytesRead), entry.stored)?.bytes;
  }

  async *#inflate(entry: PackEntry): AsyncGenerator<Buffer> {
    let size = 0;
    for await (const piece of inflateLarge(this.#file, entry.data)) {
      size += piece.length;
      if (size > entry.stored) break;
      yield piece;
    }
    if (size !== entry.stored) throw new Error('an object of the pack is damaged');
  }
}

/** Answers the length without the checksum at the end, which is verified. */
async function writePack(file: FileHandle, bytes: AsyncIterable<Uint8Array>, format: ObjectFormat): Promise<number> {
  const hash = createHash(format);
  const sum = format === 'sha1' ? 20 : 32;
  let tail = Buffer.alloc(0);
  let length = 0;
  for await (const piece of bytes) {
    await file.writeFile(piece);
    const all = Buffer.concat([tail, piece]);
    const settled = Math.max(0, all.length - sum);
    hash.update(all.subarray(0, settled));
    tail = Buffer.from(all.subarray(settled));
    length += piece.length;
  }
  if (length < 12 + sum || !hash.digest().equals(tail)) throw new Error('the pack has not arrived as it was sent');
  return length - sum;
}
