/** Browser sessions as rows; tokens are kept as digests. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

interface NewSession {
  readonly tokenDigest: Buffer;
  readonly csrfDigest: Buffer;
  readonly userId: number;
  readonly seconds: number;
}

/** Those that have aged go on the way. */
export async function insertSession(db: Queryable, made: NewSession): Promise<void> {
  await db.run(sql`with aged as (delete from session where expires_at < now())
    insert into session (token_digest, user_id, csrf_digest, expires_at)
    values (${made.tokenDigest}, ${made.userId}, ${made.csrfDigest}, now() + make_interval(secs => ${made.seconds}))`);
}

export async function deleteSession(db: Queryable, tokenDigest: Buffer): Promise<void> {
  await db.run(sql`delete from session where token_digest = ${tokenDigest}`);
}

export async function deleteSessionsOf(db: Queryable, userId: number | string): Promise<void> {
  await db.run(sql`delete from session where user_id = ${userId}`);
}
