/** The mark of the keys: one encrypted value by which every process tells whether its key file is that of the database. */
import type { Queryable } from '../db/queryable.ts';
import { sql } from '../db/sql.ts';

/** Its token; undefined in a database that no process has begun to use. */
export async function keyMark(db: Queryable): Promise<string | undefined> {
  return (await db.row<{ token: string }>(sql`select token from key_mark`))?.token;
}

/** Sets the mark where there is none, and answers the one that counts: of several processes that start at once one wins. */
export async function setKeyMark(db: Queryable, token: string): Promise<string> {
  await db.run(sql`insert into key_mark (token) values (${token}) on conflict do nothing`);
  return (await keyMark(db))!;
}

/** Another mark from now on, because the keys of the former are lost. */
export async function replaceKeyMark(db: Queryable, token: string): Promise<void> {
  await db.run(
    sql`insert into key_mark (token) values (${token}) on conflict (single) do update set token = excluded.token`,
  );
}
