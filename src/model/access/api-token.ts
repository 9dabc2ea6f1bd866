/** API tokens as rows; the tokens themselves are kept as digests. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';

interface NewToken {
  readonly id: string;
  readonly userId: number;
  readonly name: unknown;
  readonly digest: Buffer;
  /** `read`, `read-write` or `permissions`. */
  readonly scope: unknown;
  readonly permissions: unknown;
  /** ISO 8601; null for one that does not expire. */
  readonly expiresAt: unknown;
}

/** False when the user has one of the name. */
export async function insertToken(db: Queryable, made: NewToken): Promise<boolean> {
  const inserted = await db.run(sql`
    insert into api_token (pulp_id, user_id, name, token_digest, scope, permissions, expires_at)
      values (${made.id}, ${made.userId}, ${made.name}, ${made.digest}, ${made.scope}, ${made.permissions}::text[], ${made.expiresAt})
      on conflict (user_id, name) do nothing`);
  return inserted > 0;
}

/** A token for everything its user may do, in place of one of the same name. */
export async function replaceToken(
  db: Queryable,
  made: Pick<NewToken, 'userId' | 'name' | 'digest' | 'expiresAt'>,
): Promise<void> {
  await db.run(sql`insert into api_token (pulp_id, user_id, name, token_digest, scope, permissions, expires_at)
    values (${uuid7()}, ${made.userId}, ${made.name}, ${made.digest}, 'read-write', '{}'::text[], ${made.expiresAt})
    on conflict (user_id, name) do update set token_digest = excluded.token_digest, scope = excluded.scope,
      permissions = excluded.permissions, expires_at = excluded.expires_at, last_used = null`);
}

/** Whether the user had such a token. */
export async function deleteToken(db: Queryable, userId: number, digest: Buffer): Promise<boolean> {
  return (await db.run(sql`delete from api_token where user_id = ${userId} and token_digest = ${digest}`)) > 0;
}

export async function noteTokenUse(db: Queryable, pulpId: string): Promise<void> {
  await db.run(sql`update api_token set last_used = now() where pulp_id = ${pulpId}`);
}
