/** Reads a pack from its start to its end through a window, one object after the other. */
import type { FileHandle } from 'node:fs/promises';
import { inflateCounted } from '../../../lib/flow/inflate-counted.ts';
import { inflateLarge } from './inflate-large.ts';

/** Objects up to this size are inflated at once. */
export const SMALL = 256 * 1024;
const WINDOW = 4 * SMALL;

/** Inflates what stands at the start of `bytes`; undefined when that is not enough, as it can be for odd compressors. */
export function inflateSmall(bytes: Buffer, size: number): { bytes: Buffer; consumed: number } | undefined {
  try {
    const inflated = inflateCounted(bytes, Math.max(1, size));
    if (inflated.bytes.length !== size) throw new Error('an object of the pack is damaged');
    return inflated;
  } catch (error) {
    if ((error as { code?: string }).code === 'Z_BUF_ERROR') return undefined;
    throw error;
  }
}

export class PackWindow {
  readonly #file: FileHandle;
  readonly #length: number;
  #bytes: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #start = 0;
  position: number;

  constructor(file: FileHandle, position: number, length: number) {
    this.#file = file;
    this.position = position;
    this.#length = length;
  }

  get atEnd(): boolean {
    return this.position >= this.#length;
  }

  /** At least `count` of the coming bytes, or all there are. */
  async peek(count: number): Promise<Buffer> {
    const end = Math.min(this.position + count, this.#length);
    if (this.position < this.#start || end > this.#start + this.#bytes.length) {
      const wanted = Math.min(Math.max(count, WINDOW), this.#length - this.position);
      const bytes = Buffer.allocUnsafe(Math.max(0, wanted));
      const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, this.position);
      this.#bytes = bytes.subarray(0, bytesRead);
      this.#start = this.position;
    }
    return this.#bytes.subarray(this.position - this.#start);
  }

  /** Passes over compressed bytes; each inflated piece is shown. Answers how many there were. */
  async inflate(size: number, show: (piece: Buffer) => void): Promise<number> {
    if (size <= SMALL) {
      const done = inflateSmall(await this.peek(size + (size >> 8) + 256), size);
      if (done) {
        show(done.bytes);
        this.position += done.consumed;
        return size;
      }
    }
    return await this.#inflateLarge(show);
  }

  async #inflateLarge(show: (piece: Buffer) => void): Promise<number> {
    const inflated = inflateLarge(this.#file, this.position);
    let size = 0;
    for (;;) {
      const next = await inflated.next();
      if (next.done) {
        this.position += next.value;
        return size;
      }
      size += next.value.length;
      show(next.value);
    }
  }
}
