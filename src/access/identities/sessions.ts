/** Browser sessions: made by a login with a password, ended by logout or age. */
import { randomBytes } from 'node:crypto';
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { tokenDigest } from './api-tokens.ts';

const SESSION_SECONDS = 14 * 86_400;
const CSRF_SECONDS = 364 * 86_400;

/** Starts a session; the answers' Set-Cookie headers. */
export async function startSession(db: Database, userId: number): Promise<string[]> {
  const token = randomBytes(24).toString('base64url');
  const csrf = randomBytes(24).toString('base64url');
  await db.run(sql`with aged as (delete from session where expires_at < now())
    insert into session (token_digest, user_id, csrf_digest, expires_at)
    values (${tokenDigest(token)}, ${userId}, ${tokenDigest(csrf)}, now() + make_interval(secs => ${SESSION_SECONDS}))`);
  return [
    `sessionid=${token}; HttpOnly; Max-Age=${SESSION_SECONDS}; Path=/; SameSite=Lax`,
    `csrftoken=${csrf}; Max-Age=${CSRF_SECONDS}; Path=/; SameSite=Lax`,
  ];
}

/** Ends a session; the Set-Cookie header that forgets it. */
export async function endSession(db: Database, token: string | undefined): Promise<string[]> {
  if (token) await db.run(sql`delete from session where token_digest = ${tokenDigest(token)}`);
  return ['sessionid=""; Max-Age=0; Path=/; SameSite=Lax'];
}

/** Ends all sessions of a user, after a changed password. */
export async function endAllSessions(db: Database, userId: number): Promise<void> {
  await db.run(sql`delete from session where user_id = ${userId}`);
}
