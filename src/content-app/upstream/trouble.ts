/** What a client is told when upstream did not deliver a file that it has: trouble is no file that does not exist. */
import { DownloadError } from '../../download/downloader.ts';
import { UpstreamRefused } from './upstream.ts';

export interface Trouble {
  /** 404 only where upstream says that there is no such file. */
  readonly status: 404 | 502 | 503 | 504;
  /** Seconds after which it may be over. */
  readonly retryAfter?: number | undefined;
}

export const NO_SOURCE: Trouble = { status: 404 };
export const BAD_SOURCE: Trouble = { status: 502 };

const GONE = new Set([404, 410]);
const BUSY = new Set([429, 503]);
const LATE = new Set([408, 504]);

export function troubleOf(error: unknown): Trouble {
  if (error instanceof DownloadError && error.failure === 'timeout') return { status: 504 };
  const refusal = error instanceof UpstreamRefused || error instanceof DownloadError ? error : undefined;
  const { status = 0, retryAfter } = refusal ?? {};
  if (error instanceof UpstreamRefused && GONE.has(status)) return NO_SOURCE;
  if (BUSY.has(status)) return { status: 503, retryAfter };
  return LATE.has(status) ? { status: 504 } : BAD_SOURCE;
}

/** Of several sources: one that may have the file outweighs others that do not. */
export function worseOf(known: Trouble | undefined, found: Trouble): Trouble {
  return known && (found.status === 404 || known.status !== 404) ? known : found;
}
