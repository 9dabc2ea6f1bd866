/** Browser sessions: made by a login with a password, ended by logout or age. */
import { randomBytes } from 'node:crypto';
import type { Database } from '../../db/database.ts';
import { deleteSession, deleteSessionsOf, insertSession } from '../../model/access/session.ts';
import { tokenDigest } from './api-tokens.ts';

const SESSION_SECONDS = 14 * 86_400;
const CSRF_SECONDS = 364 * 86_400;

/** Starts a session; the answers' Set-Cookie headers. `secure`: the client speaks TLS, and its cookies shall never go without. */
export async function startSession(db: Database, userId: number, secure: boolean): Promise<string[]> {
  const token = randomBytes(24).toString('base64url');
  const csrf = randomBytes(24).toString('base64url');
  const digests = { tokenDigest: tokenDigest(token), csrfDigest: tokenDigest(csrf) };
  await insertSession(db, { ...digests, userId, seconds: SESSION_SECONDS });
  return [
    `sessionid=${token}; HttpOnly; Max-Age=${SESSION_SECONDS}; Path=/; SameSite=Lax${secure ? '; Secure' : ''}`,
    `csrftoken=${csrf}; Max-Age=${CSRF_SECONDS}; Path=/; SameSite=Lax${secure ? '; Secure' : ''}`,
  ];
}

/** Ends a session; the Set-Cookie header that forgets it. */
export async function endSession(db: Database, token: string | undefined): Promise<string[]> {
  if (token) await deleteSession(db, tokenDigest(token));
  return ['sessionid=""; Max-Age=0; Path=/; SameSite=Lax'];
}

/** Ends all sessions of a user, after a changed password. */
export async function endAllSessions(db: Database, userId: number): Promise<void> {
  await deleteSessionsOf(db, userId);
}
