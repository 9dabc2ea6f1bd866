/** Writes a tar archive as a stream: files of known size from streams, and lists of records through a file of their own. */
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { uuid7 } from '../../lib/text/uuid7.ts';
import type { ChunkedFile } from './chunked-file.ts';
import { BLOCK, padding, tarHeader } from './tar-header.ts';

/** Archives are filled up to a multiple of this, as tar programs do. */
const RECORD = 20 * BLOCK;
const PIECE = 256 * 1024;

export class TarWriter {
  readonly #output: ChunkedFile;
  readonly #directory: string;
  #written = 0;

  /** `directory` is for files that are written before their size is known. */
  constructor(output: ChunkedFile, directory: string) {
    this.#output = output;
    this.#directory = directory;
  }

  async addText(name: string, text: string): Promise<void> {
    const bytes = Buffer.from(text);
    await this.addStream(name, bytes.length, [bytes]);
  }

  /** Throws when the source has another size than was told. */
  async addStream(name: string, size: number, source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    await this.#write(tarHeader(name, size, Date.now() / 1000));
    let seen = 0;
    for await (const piece of source) {
      seen += piece.length;
      if (seen > size) break;
      await this.#write(piece);
    }
    if (seen !== size) throw new Error(`${name} has not the ${size} bytes it should have.`);
    await this.#write(padding(size));
  }

  /** A JSON array of records. */
  async addRecords(name: string, records: AsyncIterable<readonly object[]>): Promise<void> {
    const path = join(this.#directory, `${uuid7()}.json`);
    const file = await open(path, 'wx');
    try {
      let separator = '[';
      let size = 0;
      for await (const batch of records) {
        let text = '';
        for (const record of batch) {
          text += separator + JSON.stringify(record);
          separator = ', ';
        }
        size += Buffer.byteLength(text);
        await file.writeFile(text);
      }
      const end = separator === '[' ? '[]' : ']';
      await file.writeFile(end);
      await this.addStream(name, size + end.length, createReadStream(path, { highWaterMark: PIECE }));
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  }

  async end(): Promise<void> {
    await this.#write(Buffer.alloc(2 * BLOCK));
    const rest = this.#written % RECORD;
    if (rest > 0) await this.#write(Buffer.alloc(RECORD - rest));
    await this.#output.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#written += bytes.length;
    await this.#output.write(bytes);
  }
}
