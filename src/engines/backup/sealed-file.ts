/** Files of a backup: written compressed while they are hashed, read again, and checked against their digests. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';

/** Level 3 keeps up with COPY; higher ones cost more than they save. */
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 } };
const READ_BUFFER = 256 * 1024;

export interface Seal {
  readonly size: number;
  /** Of the bytes as they are stored. */
  readonly sha256: string;
}

/** Writes a new file, durable when this resolves. */
export async function writeCompressed(file: string, pieces: AsyncIterable<Buffer>): Promise<Seal> {
  const tap = new Tap();
  await pipeline(
    Readable.from(pieces, { objectMode: false }),
    createZstdCompress(COMPRESSION),
    tap,
    createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }),
  );
  return tap.seal();
}

/** The bytes that were written. Errors of the file and of the compression end the iteration. */
export function decompressed(file: string): AsyncIterable<Buffer> {
  const source = createReadStream(file, { highWaterMark: READ_BUFFER });
  const plain = createZstdDecompress();
  source.once('error', (error) => plain.destroy(error));
  plain.once('close', () => source.destroy());
  return source.pipe(plain);
}

export async function sealOf(file: string): Promise<Seal> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of createReadStream(file, { highWaterMark: READ_BUFFER }) as AsyncIterable<Buffer>) {
    hash.update(piece);
    size += piece.length;
  }
  return { size, sha256: hash.digest('hex') };
}

/** Counts and hashes what goes through. */
class Tap extends Transform {
  readonly #hash = createHash('sha256');
  #size = 0;

  override _transform(piece: Buffer, _encoding: string, done: (error: null, piece: Buffer) => void): void {
    this.#hash.update(piece);
    this.#size += piece.length;
    done(null, piece);
  }

  seal(): Seal {
    return { size: this.#size, sha256: this.#hash.digest('hex') };
  }
}
