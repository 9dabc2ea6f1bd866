/** Trying again after failures that may heal by themselves. */
import type { Clock } from '../lib/process/clock.ts';
import { DownloadError } from './download-error.ts';

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 60_000;

interface RetryOptions {
  /** Tries after the first. */
  retries: number;
  clock: Clock;
  /** A number from 0 up to 1. */
  random: () => number;
  signal?: AbortSignal | undefined;
}

/** Runs `attempt` until it succeeds, fails for good, or all tries are used up; then its last error is thrown. */
export async function withRetries<T>(options: RetryOptions, attempt: (isLast: boolean) => Promise<T>): Promise<T> {
  for (let tried = 0; ; tried++) {
    const isLast = tried >= options.retries;
    try {
      return await attempt(isLast);
    } catch (error) {
      if (isLast || !(error instanceof DownloadError) || !error.retryable) throw error;
      await options.clock.sleep(pauseAfter(tried, options.random(), error.retryAfter), options.signal);
    }
  }
}

/**
 * Milliseconds: doubled each time, of which a random half keeps clients that failed together from coming back together.
 * A server's wish is followed up to the longest pause.
 */
export function pauseAfter(tried: number, random: number, retryAfter = 0): number {
  const pause = Math.min(FIRST_PAUSE * 2 ** tried, LONGEST_PAUSE);
  return Math.max(pause * (0.5 + random / 2), Math.min(retryAfter * 1000, LONGEST_PAUSE));
}

/** Seconds of a Retry-After header (a number or a date), or undefined. */
export function parseRetryAfter(header: unknown, now = Date.now()): number | undefined {
  if (typeof header !== 'string') return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
