/** Finds out who sends a request: basic credentials or a token, the session cookie, or a proxy's word (core.md §7.1). */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Settings } from '../../config/settings.ts';
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { HttpError } from '../../lib/errors.ts';
import { clientAddress, isTrusted } from '../../lib/http/client-address.ts';
import type { User } from '../../plugin-api/contracts/context.ts';
import { type AccountRow, accountColumns, toUser } from './account.ts';
import { isToken, tokenDigest, userOfToken } from './api-tokens.ts';
import { beginAttempt, takeBackAttempt } from './login-attempts.ts';
import { accountOf, BadProxyHeader, nameFromProxy } from './named-by-proxy.ts';
import type { VerifiedPasswords } from './verified-passwords.ts';

/** Where accounts and settings are. */
export interface Accounts {
  readonly db: Database;
  readonly settings: Settings;
}

export interface Identity {
  readonly user: User | null;
  /** The session was read: answers then vary by cookie. */
  readonly bySession: boolean;
}

const anonymous: Identity = { user: null, bySession: false };
/** A cookie was looked for: with one the answer would be another. */
const noSession: Identity = { user: null, bySession: true };
const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Throws 401 for wrong credentials and 403 for an unsafe request of a session without its token. */
export async function authenticate(
  accounts: Accounts,
  passwords: VerifiedPasswords,
  method: string,
  request: IncomingMessage,
): Promise<Identity> {
  const { headers } = request;
  const [scheme = '', credentials = ''] = splitOnce(headers.authorization ?? '');
  if (/^bearer$/i.test(scheme) && isToken(credentials))
    return identityOf(await byToken(accounts, credentials, method, headers));
  if (/^basic$/i.test(scheme) && allows(accounts, 'BasicAuthentication')) {
    return identityOf(await byPassword(accounts, passwords, credentials, request));
  }
  if (!allows(accounts, 'SessionAuthentication')) return { ...anonymous, user: await byProxy(accounts, request) };
  const cookies = parseCookies(headers.cookie);
  const token = cookies.get('sessionid');
  const identity = token ? await bySession(accounts.db, token, method, headers, cookies) : noSession;
  return identity.user ? identity : { ...identity, user: await byProxy(accounts, request) };
}

const identityOf = (user: User): Identity => ({ user, bySession: false });
const allows = ({ settings }: Accounts, name: string) =>
  settings.authenticationClasses.some((one) => one.endsWith(name));

function splitOnce(text: string): [string, string] {
  const at = text.indexOf(' ');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1).trim()];
}

async function byToken({ db }: Accounts, token: string, method: string, headers: IncomingHttpHeaders): Promise<User> {
  const user = await userOfToken(db, token, method);
  if (!user) throw unauthorized(headers, 'Invalid token.');
  return user;
}

async function byPassword(
  accounts: Accounts,
  passwords: VerifiedPasswords,
  credentials: string,
  request: IncomingMessage,
): Promise<User> {
  const [username, password] = parseBasic(credentials, request.headers);
  const user = await userOfPassword(accounts, passwords, { username, password }, request);
  if (!user) throw unauthorized(request.headers, 'Invalid username/password.');
  return user;
}

/**
 * The active account with this password, which may be one of its API tokens; undefined for wrong ones, which are counted.
 * Throws HttpError 429 after too many of them.
 */
export async function userOfPassword(
  { db, settings }: Accounts,
  passwords: VerifiedPasswords,
  { username, password }: { readonly username: string; readonly password: string },
  request: IncomingMessage,
): Promise<User | undefined> {
  if (isToken(password)) {
    return await userOfToken(db, password, request.method ?? 'GET', username === ANY_NAME ? undefined : username);
  }
  const row = await db.row<AccountRow & { password: string | null }>(
    sql`select ${accountColumns}, u.password from app_user u where u.username = ${username}`,
  );
  if (row?.is_active && passwords.knows(password, row.password)) return toUser(row);
  const address = clientAddress(request, settings.trustedProxies);
  const limit = settings.loginAttempts;
  const isRight = await passwords.tryOnce([username, address, password], async () => {
    await beginAttempt(db, limit, username, address);
    const fine = (await passwords.check(password, row?.password ?? null)) && row?.is_active === true;
    if (fine) await takeBackAttempt(db, limit, username, address);
    return fine;
  });
  return isRight && row ? toUser(row) : undefined;
}

/** The name that package clients send beside a token. */
const ANY_NAME = '__token__';

function parseBasic(credentials: string, headers: IncomingHttpHeaders): [string, string] {
  if (credentials === '') throw unauthorized(headers, 'Invalid basic header. No credentials provided.');
  if (/\s/.test(credentials)) {
    throw unauthorized(headers, 'Invalid basic header. Credentials string should not contain spaces.');
  }
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0 || text.includes('\0'))
    throw unauthorized(headers, 'Invalid basic header. Credentials not correctly base64 encoded.');
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** Where trusted proxies are named, only their word counts. */
async function byProxy({ db, settings }: Accounts, request: IncomingMessage): Promise<User | null> {
  const { trustedProxies } = settings;
  if (trustedProxies.length > 0 && !isTrusted(request.socket.remoteAddress ?? '', trustedProxies)) return null;
  try {
    const name = await nameFromProxy(settings, request.headers);
    return name === undefined ? null : ((await accountOf(db, settings, name)) ?? null);
  } catch (error) {
    if (error instanceof BadProxyHeader) throw unauthorized(request.headers, 'Access denied.');
    throw error;
  }
}

/** Browsers show no dialog for a scheme they do not know. */
export function unauthorized(headers: IncomingHttpHeaders, detail: string): HttpError {
  const scheme = headers['x-requested-with'] === 'XMLHttpRequest' ? 'xBasic' : 'Basic';
  return new HttpError(401, detail, { 'WWW-Authenticate': `${scheme} realm="api"` });
}

export function parseCookies(header: string | undefined): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0) cookies.set(part.slice(0, at).trim(), part.slice(at + 1).trim());
  }
  return cookies;
}

async function bySession(
  db: Database,
  token: string,
  method: string,
  headers: IncomingHttpHeaders,
  cookies: Map<string, string>,
): Promise<Identity> {
  const row = await db.row<AccountRow & { csrf_digest: Buffer }>(sql`select ${accountColumns}, s.csrf_digest
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
