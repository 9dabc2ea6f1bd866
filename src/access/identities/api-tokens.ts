/** API tokens: made once, shown once, kept as a digest, usable as Bearer or as basic password. */
import { createHash, randomBytes } from 'node:crypto';
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { HttpError } from '../../lib/errors.ts';
import { deleteToken, noteTokenUse, replaceToken } from '../../model/access/api-token.ts';
import type { TokenLimit, User } from '../../plugin-api/contracts/context.ts';
import { type AccountRow, accountColumns, toUser } from './account.ts';

const PREFIX = 'deckle_';
const FORM = /^deckle_[A-Za-z0-9_-]{43}$/;
/** The time of last use is written at most once in this many seconds. */
const NOTE_EVERY = 300;

export function newToken(): { token: string; digest: Buffer } {
  const token = PREFIX + randomBytes(32).toString('base64url');
  return { token, digest: tokenDigest(token) };
}

/** 256 random bits need no slow hash. */
export function tokenDigest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export function isToken(text: string): boolean {
  return FORM.test(text);
}

/** Makes a token for everything its user may do, in place of one of the same name; answers it. */
export async function putToken(db: Queryable, userId: number, name: string, expiresAt: Date | null): Promise<string> {
  const { token, digest } = newToken();
  await replaceToken(db, { userId, name, digest, expiresAt: expiresAt?.toISOString() ?? null });
  return token;
}

/** Whether the user had such a token. */
export async function endToken(db: Queryable, userId: number, token: string): Promise<boolean> {
  if (!isToken(token)) return false;
  return await deleteToken(db, userId, tokenDigest(token));
}

interface TokenRow extends AccountRow {
  readonly pulp_id: string;
  readonly scope: 'read' | 'read-write' | 'permissions';
  readonly permissions: string[];
  readonly stale: boolean;
}

/** Whose token it is, undefined for one that is unknown or has expired, or whose owner is not active. */
export async function userOfToken(
  db: Queryable,
  token: string,
  method: string,
  username?: string,
): Promise<User | undefined> {
  const row = await db.row<TokenRow>(sql`select ${accountColumns}, k.pulp_id, k.scope, k.permissions,
      k.last_used is null or k.last_used < now() - make_interval(secs => ${NOTE_EVERY}) as stale
    from api_token k join app_user u on u.id = k.user_id
    where k.token_digest = ${tokenDigest(token)} and (k.expires_at is null or k.expires_at > now())`);
  if (!row?.is_active || (username !== undefined && username !== row.username)) return undefined;
  if (row.stale) await noteTokenUse(db, row.pulp_id);
  if (row.scope === 'read' && !SAFE.has(method)) throw new HttpError(403, 'The token only allows reading.');
  return toTokenUser(row);
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

function toTokenUser(row: TokenRow): User {
  const user = { ...toUser(row), byToken: true };
  if (row.scope !== 'permissions') return user;
  return withLimit(user, { permissions: row.permissions, ofSuperuser: row.is_superuser });
}

/** An account that may do no more than a token gives it. */
export function withLimit(user: User, limit: TokenLimit): User {
  return { ...user, byToken: true, isSuperuser: false, limit };
}
