/** Finds out who sends a request: basic credentials first, then the session cookie (core.md §7.1). */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { HttpError } from '../lib/errors.ts';
import type { User } from '../plugin-api/context.ts';
import type { VerifiedPasswords } from './verified-passwords.ts';

export interface Identity {
  readonly user: User | null;
  /** The session was read: answers then vary by cookie. */
  readonly bySession: boolean;
}

interface UserRow {
  id: number;
  username: string;
  password: string | null;
  is_active: boolean;
  is_staff: boolean;
  is_superuser: boolean;
}

const anonymous: Identity = { user: null, bySession: false };
const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Throws 401 for wrong credentials and 403 for an unsafe request of a session without its token. */
export async function authenticate(
  db: Database,
  passwords: VerifiedPasswords,
  method: string,
  headers: IncomingHttpHeaders,
): Promise<Identity> {
  const header = headers.authorization;
  if (header && /^basic /i.test(header))
    return { user: await byPassword(db, passwords, header, headers), bySession: false };
  const cookies = parseCookies(headers.cookie);
  const token = cookies.get('sessionid');
  return token ? await bySession(db, token, method, headers, cookies) : anonymous;
}

async function byPassword(
  db: Database,
  passwords: VerifiedPasswords,
  header: string,
  headers: IncomingHttpHeaders,
): Promise<User> {
  const [username, password] = parseBasic(header, headers);
  const row = await db.row<UserRow>(
    sql`select id, username, password, is_active, is_staff, is_superuser from app_user where username = ${username}`,
  );
  const fine = await passwords.check(password, row?.password ?? null);
  if (!row || !fine || !row.is_active) throw unauthorized(headers, 'Invalid username/password.');
  return toUser(row);
}

function parseBasic(header: string, headers: IncomingHttpHeaders): [string, string] {
  const text = Buffer.from(header.slice(6).trim(), 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0 || text.includes('\0'))
    throw unauthorized(headers, 'Invalid basic header. Credentials not correctly base64 encoded.');
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** Browsers show no dialog for a scheme they do not know. */
export function unauthorized(headers: IncomingHttpHeaders, detail: string): HttpError {
  const scheme = headers['x-requested-with'] === 'XMLHttpRequest' ? 'xBasic' : 'Basic';
  return new HttpError(401, detail, { 'WWW-Authenticate': `${scheme} realm="api"` });
}

export function toUser(row: Omit<UserRow, 'password'>): User {
  return { id: row.id, username: row.username, isSuperuser: row.is_superuser, isStaff: row.is_staff };
}

export function parseCookies(header: string | undefined): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0) cookies.set(part.slice(0, at).trim(), part.slice(at + 1).trim());
  }
  return cookies;
}

export const tokenDigest = (token: string): Buffer => createHash('sha256').update(token).digest();

async function bySession(
  db: Database,
  token: string,
  method: string,
  headers: IncomingHttpHeaders,
  cookies: Map<string, string>,
): Promise<Identity> {
  const row = await db.row<
    UserRow & { csrf_digest: Buffer }
  >(sql`select u.id, u.username, u.is_active, u.is_staff, u.is_superuser, s.csrf_digest
    from session s join app_user u on u.id = s.user_id where s.token_digest = ${tokenDigest(token)} and s.expires_at > now()`);
  if (!row?.is_active) return { user: null, bySession: true };
  if (UNSAFE.has(method)) checkCsrf(headers, cookies, row.csrf_digest);
  return { user: toUser(row), bySession: true };
}

function checkCsrf(headers: IncomingHttpHeaders, cookies: Map<string, string>, digest: Buffer): void {
  const sent = headers['x-csrftoken'];
  if (typeof sent !== 'string' || sent === '') throw new HttpError(403, 'CSRF Failed: CSRF token missing.');
  if (sent !== cookies.get('csrftoken') || !timingSafeEqual(tokenDigest(sent), digest)) {
    throw new HttpError(403, 'CSRF Failed: CSRF token incorrect.');
  }
}
