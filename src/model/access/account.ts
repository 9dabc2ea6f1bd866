/** Accounts of users as rows, and the groups they are in. Passwords come as hashes. */
import type { Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

/** An account without a password; nothing happens when there is one of the name. */
export async function insertAccount(db: Queryable, username: string): Promise<void> {
  await db.run(sql`insert into app_user (username) values (${username}) on conflict do nothing`);
}

/** The first account; nothing happens when it is there. */
export async function insertAdmin(db: Queryable, password: string): Promise<void> {
  await db.run(sql`insert into app_user (username, password, is_staff, is_superuser)
    values ('admin', ${password}, true, true) on conflict (username) do nothing`);
}

/** Gives admin another password and all rights, and makes the account where it is gone. Its sessions end. */
export async function resetAdmin(tx: Transaction, password: string): Promise<void> {
  await tx.run(sql`insert into app_user (username, password, is_staff, is_superuser) values ('admin', ${password}, true, true)
    on conflict (username) do update set password = excluded.password, is_staff = true, is_superuser = true, is_active = true`);
  await tx.run(sql`delete from session where user_id = (select id from app_user where username = 'admin')`);
}

/** Sets columns of an account. */
export async function changeAccount(
  db: Queryable,
  id: number,
  columns: Readonly<Record<string, unknown>>,
): Promise<void> {
  const sets = Object.entries(columns).map(([name, value]) => sql`${sql.ident(name)} = ${value}`);
  if (sets.length > 0) await db.run(sql`update app_user set ${sql.join(sets)} where id = ${id}`);
}

export async function noteLogin(db: Queryable, id: number): Promise<void> {
  await db.run(sql`update app_user set last_login = now() where id = ${id}`);
}

export async function addToGroup(db: Queryable, groupId: number | string, userId: number): Promise<void> {
  await db.run(
    sql`insert into app_group_user (group_id, user_id) values (${groupId}, ${userId}) on conflict do nothing`,
  );
}

export async function removeFromGroup(db: Queryable, groupId: unknown, userId: unknown): Promise<void> {
  await db.run(sql`delete from app_group_user where group_id = ${groupId} and user_id = ${userId}`);
}

interface AttemptLimit {
  /** So many are counted within the time. */
  readonly limit: number;
  readonly seconds: number;
}

/**
 * Counts an attempt to log in under a key; counts twice as old as the time are removed on the way. Where there were too many, answers
 * the seconds until there may be another.
 */
export async function countAttempt(
  db: Queryable,
  key: Buffer,
  { limit, seconds }: AttemptLimit,
): Promise<number | undefined> {
  const begin = sql`now() - make_interval(secs => ${seconds})`;
  const counted =
    await db.run(sql`with old as (delete from login_failure where since < now() - make_interval(secs => ${2 * seconds}))
    insert into login_failure as f (key, failures) values (${key}, 1)
    on conflict (key) do update set
      failures = case when f.since > ${begin} then f.failures + 1 else 1 end,
      since = case when f.since > ${begin} then f.since else now() end
    where f.failures < ${limit} or f.since <= ${begin}`);
  if (counted > 0) return undefined;
  const row = await db.row<{ wait: number }>(sql`
    select ceil(extract(epoch from since + make_interval(secs => ${seconds}) - now()))::integer as wait
      from login_failure where key = ${key}`);
  return row?.wait ?? seconds;
}

/** An attempt that was counted has succeeded. */
export async function uncountAttempt(db: Queryable, key: Buffer): Promise<void> {
  await db.run(sql`update login_failure set failures = failures - 1 where key = ${key} and failures > 0`);
}
