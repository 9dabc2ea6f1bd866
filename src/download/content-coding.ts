/**
 * Bodies with a Content-Encoding that nobody asked for: as stores send objects that were put there so, and servers files by
 * their names.
 */
import { type Duplex, pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { DownloadError, withoutCredentials } from './download-error.ts';

const DECODERS: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** Ends of names of files that are so encoded themselves: for these Apache says that the body is. */
const OWN_CODING: Readonly<Record<string, RegExp>> = {
  gzip: /\.(?:gz|tgz|taz|svgz)$/i,
  'x-gzip': /\.(?:gz|tgz|taz|svgz)$/i,
  br: /\.br$/i,
  zstd: /\.(?:zst|tzst)$/i,
};

interface Coded {
  /** Where it was asked for or came from. */
  readonly url: string;
  header(name: string): string | undefined;
}

/** What a body is to be. */
interface ExpectedBody {
  readonly size?: number | null | undefined;
  readonly digests?: Readonly<Partial<Record<string, string | null>>> | undefined;
}

/** `either`: only the digest can tell. */
export type Taking = 'as sent' | 'decoded' | 'either';

/**
 * How a body is taken. What is expected may be the file or the file encoded, and where the size does not tell, the digest does. Without
 * anything expected it is a text, which is decoded, unless its name says that the file itself is encoded.
 */
export function takingOf(answer: Coded, { size, digests }: ExpectedBody): Taking {
  const coding = codingOf(answer);
  if (!coding || !(coding in DECODERS)) return 'as sent';
  const length = answer.header('content-length');
  if (size != null && length !== undefined) return Number(length) === size ? 'as sent' : 'decoded';
  if (size != null || Object.values(digests ?? {}).some(Boolean)) return 'either';
  return OWN_CODING[coding]?.test(URL.parse(answer.url)?.pathname ?? '') ? 'as sent' : 'decoded';
}

/** A body without its coding. Throws DownloadError (`refused`) for an unknown one; reading it throws one (`mismatch`) for a broken body. */
export function decode(answer: Coded, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const coding = codingOf(answer);
  if (!coding) return body;
  const decoder = DECODERS[coding]?.();
  if (!decoder) throw new DownloadError(answer.url, 'refused', `The content coding '${coding}' is not known`);
  const decoded = pipeline(Readable.from(body), decoder, () => undefined); // errors are thrown to the reader of the decoder
  return checked(answer, coding, decoded);
}

async function* checked(answer: Coded, coding: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== 'string' || !/^(?:Z_|ERR_BROTLI|ERR_ZSTD|ERR__ERROR|ZSTD_)/.test(code)) throw error;
    const message = `The body is not encoded as ${coding}, url='${withoutCredentials(answer.url)}'`;
    throw new DownloadError(answer.url, 'mismatch', message, { cause: error });
  }
}

function codingOf(answer: Coded): string | undefined {
  const coding = answer.header('content-encoding')?.trim().toLowerCase();
  return coding && coding !== 'identity' ? coding : undefined;
}
