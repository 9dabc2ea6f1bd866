/** Writes one archive, whole or in pieces of one size, with the CRC-32 of each file. */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

export class ChunkedFile {
  readonly #path: string;
  readonly #chunkSize: number | null;
  /** Checksums by path, in the order of the pieces. */
  readonly files = new Map<string, number>();
  #file: FileHandle | undefined;
  #current = '';
  #room = 0;

  /** `chunkSize` null writes one file; else the pieces are `<path>.0000`, `<path>.0001` … */
  constructor(path: string, chunkSize: number | null) {
    this.#path = path;
    this.#chunkSize = chunkSize;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      if (!this.#file || this.#room === 0) await this.#next();
      const part = rest.subarray(0, Math.min(rest.length, this.#room));
      await this.#file!.writeFile(part);
      this.files.set(this.#current, crc32(part, this.files.get(this.#current)!));
      this.#room -= part.length;
      rest = rest.subarray(part.length);
    }
  }

  /** The bytes survive a power failure afterwards. */
  async close(): Promise<void> {
    await this.#file?.sync();
    await this.#file?.close();
    this.#file = undefined;
  }

  /** Removes everything that was written. */
  async discard(): Promise<void> {
    await this.#file?.close().catch(() => {});
    this.#file = undefined;
    for (const path of this.files.keys()) await rm(path, { force: true });
  }

  async #next(): Promise<void> {
    await this.close();
    const number = String(this.files.size).padStart(4, '0');
    this.#current = this.#chunkSize === null ? this.#path : `${this.#path}.${number}`;
    this.#room = this.#chunkSize ?? Number.POSITIVE_INFINITY;
    this.#file = await open(this.#current, 'wx');
    this.files.set(this.#current, 0);
  }
}

/** As archives and their tables of contents write it: hex without leading zeros. */
export function checksumText(value: number): string {
  return (value >>> 0).toString(16);
}
