/** Limits wrong passwords per user and address, over all processes: further ones are refused for a minute. */
import { createHash } from 'node:crypto';
import type { Queryable } from '../../db/database.ts';
import { HttpError } from '../../lib/errors.ts';
import { countAttempt, uncountAttempt } from '../../model/access/account.ts';

const WINDOW_SECONDS = 60;

function keyOf(username: string, address: string): Buffer {
  return createHash('sha256').update(address).update('\0').update(username).digest();
}

/**
 * Counts a password that is about to be tried as a wrong one, so that of many at once no more are tried than of many in turn; what
 * turns out to be right is taken back. Throws 429 when there were too many; a limit of 0 allows any number.
 */
export async function beginAttempt(db: Queryable, limit: number, username: string, address: string): Promise<void> {
  if (limit <= 0) return;
  const wait = await countAttempt(db, keyOf(username, address), { limit, seconds: WINDOW_SECONDS });
  if (wait === undefined) return;
  throw new HttpError(429, 'There were too many wrong passwords. Try again later.', {
    'Retry-After': String(Math.max(1, wait)),
  });
}

/** The password was right. */
export async function takeBackAttempt(db: Queryable, limit: number, username: string, address: string): Promise<void> {
  if (limit > 0) await uncountAttempt(db, keyOf(username, address));
}
