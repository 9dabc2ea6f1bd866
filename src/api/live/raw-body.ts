/** Reads bodies as they come, of any media type: bounded, within time, and so that an answer can still be sent when one is refused. */
import type { IncomingMessage } from 'node:http';
import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { HttpError, ValidationError } from '../../lib/errors.ts';
import { drop } from '../engine/read-body.ts';

interface RawBodyLimits {
  /** Null: none. */
  readonly maxBytes: number | null;
  /** Milliseconds without a byte after which a body is given up. */
  readonly idle: number;
  /** Undoes the Content-Encoding. */
  readonly decode: boolean;
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  zstd: createZstdDecompress,
};

/**
 * The pieces of a body. Throws HttpError 400 (cut off, or not in its coding), 408, 413 and 415. What is not read, because of an error
 * or because the reader stops, is taken and thrown away for a while.
 */
export async function* rawBody(request: IncomingMessage, limits: RawBodyLimits): AsyncGenerator<Buffer> {
  const { maxBytes, decode } = limits;
  let size = 0;
  try {
    const declared = Number(request.headers['content-length'] ?? 0);
    if (maxBytes !== null && declared > maxBytes) throw tooLarge(maxBytes);
    for await (const piece of decode ? decoded(request, limits) : pieces(request, limits)) {
      size += piece.length;
      if (maxBytes !== null && size > maxBytes) throw tooLarge(maxBytes);
      yield piece;
    }
  } finally {
    if (!request.readableEnded) drop(request);
  }
}

const tooLarge = (maxBytes: number) => new HttpError(413, `The request body is larger than ${maxBytes} bytes.`);

/** By events: a reader that stops in the middle must leave a request that still flows, over which an answer can be sent. */
async function* pieces(request: IncomingMessage, { idle }: RawBodyLimits): AsyncGenerator<Buffer> {
  const waiting: Buffer[] = [];
  let isLate = false;
  let wake = () => {};
  const late = setTimeout(() => {
    isLate = true;
    wake();
  }, idle);
  const take = (piece: Buffer) => {
    waiting.push(piece);
    request.pause();
    late.refresh();
    wake();
  };
  const woken = () => wake();
  request.on('data', take).on('end', woken).on('close', woken).on('error', woken);
  try {
    for (;;) {
      const piece = waiting.shift();
      if (piece) {
        yield piece;
        continue;
      }
      if (request.complete && request.readableEnded) return;
      if (request.destroyed) throw new HttpError(400, 'The request was cut off.');
      if (isLate) throw new HttpError(408, 'The request body stopped coming.', { Connection: 'close' });
      await new Promise<void>((resolve) => {
        wake = resolve;
        request.resume();
      });
    }
  } finally {
    clearTimeout(late);
    request.off('data', take).off('end', woken).off('close', woken).off('error', woken);
  }
}

async function* decoded(request: IncomingMessage, limits: RawBodyLimits): AsyncGenerator<Buffer> {
  const coding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (coding === 'identity' || coding === '') return yield* pieces(request, limits);
  const make = DECODERS[coding];
  if (!make) throw new HttpError(415, `Unsupported content coding "${coding}" in request.`);
  const decoder = make();
  let broken: unknown;
  pipeline(Readable.from(pieces(request, limits)), decoder, (error) => {
    broken = error;
  });
  try {
    for await (const piece of decoder) yield piece as Buffer;
  } catch (error) {
    if (broken instanceof HttpError) throw broken;
    if (error instanceof HttpError) throw error;
    throw new ValidationError({ detail: `The body cannot be decoded as ${coding}.` });
  }
}
