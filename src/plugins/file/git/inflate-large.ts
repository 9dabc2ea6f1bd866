/** Inflates a large object of a pack in pieces, from a file that stays open. */
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createInflate } from 'node:zlib';

const PIECE = 256 * 1024;

/** Yields inflated pieces; returns how many compressed bytes they took. Throws for a damaged stream. */
export async function* inflateLarge(file: FileHandle, start: number): AsyncGenerator<Buffer, number> {
  const source = Readable.from(pieces(file, start), { objectMode: false, highWaterMark: PIECE });
  const inflate = createInflate({ chunkSize: PIECE / 2 });
  source.on('error', (error) => inflate.destroy(error));
  source.pipe(inflate);
  try {
    yield* inflate as AsyncIterable<Buffer>;
    return inflate.bytesWritten;
  } finally {
    source.destroy();
    inflate.destroy();
  }
}

async function* pieces(file: FileHandle, start: number): AsyncGenerator<Buffer> {
  for (let position = start; ; ) {
    const bytes = Buffer.allocUnsafe(PIECE);
    const { bytesRead } = await file.read(bytes, 0, PIECE, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield bytes.subarray(0, bytesRead);
  }
}
