/** Limits wrong passwords per user and address, over all processes: further ones are refused for a minute. */
import { createHash } from 'node:crypto';
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { HttpError } from '../../lib/errors.ts';
import { countFailure } from '../../model/access/account.ts';

const WINDOW_SECONDS = 60;

function keyOf(username: string, address: string): Buffer {
  return createHash('sha256').update(address).update('\0').update(username).digest();
}

/** Throws 429 when there were too many; 0 allows any number. */
export async function checkAttempts(db: Queryable, limit: number, username: string, address: string): Promise<void> {
  if (limit <= 0) return;
  const row = await db.row<{
    wait: number;
  }>(sql`select ceil(extract(epoch from since + make_interval(secs => ${WINDOW_SECONDS}) - now()))::integer as wait
    from login_failure where key = ${keyOf(username, address)} and failures >= ${limit}
      and since > now() - make_interval(secs => ${WINDOW_SECONDS})`);
  if (row)
    throw new HttpError(429, 'There were too many wrong passwords. Try again later.', {
      'Retry-After': String(Math.max(1, row.wait)),
    });
}

/** Counts a wrong password; old counts are removed on the way. */
export async function noteFailure(db: Queryable, limit: number, username: string, address: string): Promise<void> {
  if (limit <= 0) return;
  await countFailure(db, keyOf(username, address), WINDOW_SECONDS);
}
