/** Rows of the tables that resources declare, for the one writer that serves all of them (api/engine/write-rows.ts). */
import type { Queryable, Transaction } from '../db/database.ts';
import { type Sql, sql } from '../db/sql.ts';

/** Column assignments by name. */
export type Columns = ReadonlyMap<string, Sql>;

/** Which row: the table, its key column and the id; the domain where the table has one. */
export interface RowPlace {
  readonly table: string;
  readonly key: string;
  readonly id: string;
  readonly domainId?: number | undefined;
}

const isRow = ({ key, id, domainId }: RowPlace): Sql =>
  sql.and([sql`${sql.ident(key)} = ${id}`, ...(domainId === undefined ? [] : [sql`domain_id = ${domainId}`])]);

/** Answers the key of the new row. */
export async function insertInto(tx: Transaction, table: string, key: string, columns: Columns): Promise<string> {
  const names = sql.join([...columns.keys()].map((column) => sql.ident(column)));
  const row = await tx.row<{ id: string | number }>(
    sql`insert into ${sql.ident(table)} (${names}) values (${sql.join(columns.values())}) returning ${sql.ident(key)} as id`,
  );
  return String(row!.id);
}

/** Sets columns, merges what is given of `details`, and notes the time where the table has ids of the wire. False when the row is gone. */
export async function updateRowOf(tx: Transaction, place: RowPlace, columns: Columns): Promise<boolean> {
  const sets = [...columns].map(([column, value]) =>
    column === 'details' ? sql`details = details || ${value}` : sql`${sql.ident(column)} = ${value}`,
  );
  if (place.key === 'pulp_id') sets.push(sql.raw('pulp_last_updated = now()'));
  if (sets.length === 0) return true;
  return (await tx.run(sql`update ${sql.ident(place.table)} set ${sql.join(sets)} where ${isRow(place)}`)) > 0;
}

/** The row, locked until the transaction ends. */
export async function lockRow<T>(tx: Transaction, place: RowPlace): Promise<T | undefined> {
  return await tx.row<T>(sql`select * from ${sql.ident(place.table)} where ${isRow(place)} for update`);
}

export async function deleteRowOf(tx: Transaction, place: RowPlace): Promise<void> {
  await tx.run(sql`delete from ${sql.ident(place.table)} where ${isRow(place)}`);
}

/** Sets one label. */
export async function setLabel(db: Queryable, place: RowPlace, label: string, value: unknown): Promise<void> {
  await db.run(
    sql`update ${sql.ident(place.table)} set pulp_labels = pulp_labels || ${sql.json({ [label]: value })} where ${isRow(place)}`,
  );
}

/** Removes one label; answers those that were there before, or undefined when this one was not. */
export async function unsetLabel(
  db: Queryable,
  { table, key, id }: RowPlace,
  label: string,
): Promise<Record<string, string | null> | undefined> {
  const [name, column] = [sql.ident(table), sql.ident(key)];
  const row = await db.row<{ labels: Record<string, string | null> }>(
    sql`update ${name} t set pulp_labels = t.pulp_labels - ${label} from ${name} o
      where t.${column} = ${id} and o.${column} = t.${column} and o.pulp_labels ? ${label} returning o.pulp_labels as labels`,
  );
  return row?.labels;
}
