/** What of a database belongs into a dump: its tables with their columns, and its sequences. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

export interface DumpedTable {
  readonly name: string;
  readonly columns: readonly string[];
}

export interface SequenceValue {
  readonly name: string;
  readonly value: number;
}

/** Written by the migrations themselves. */
const HISTORY = 'schema_migration';

/** Tables of the program by name, without columns that the database computes and without those a crash may empty. */
export async function dumpedTables(db: Queryable): Promise<DumpedTable[]> {
  return await db.rows<DumpedTable>(sql`
    select c.relname::text as name,
        array(select a.attname::text from pg_attribute a
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum) as columns
      from pg_class c
      where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relpersistence = 'p'
        and c.relname <> ${HISTORY}
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
      order by c.relname collate "C"`);
}

/** Names of all tables, those without lasting content too. */
export async function allTables(db: Queryable): Promise<string[]> {
  const rows = await db.rows<{ name: string }>(sql`
    select c.relname::text as name from pg_class c
      where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relname <> ${HISTORY}
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
      order by c.relname collate "C"`);
  return rows.map(({ name }) => name);
}

/** Last values of the sequences that were used. They only grow, so read after the snapshot they cover all of its rows. */
export async function sequenceValues(db: Queryable): Promise<SequenceValue[]> {
  return await db.rows<SequenceValue>(sql`
    select sequencename::text as name, last_value as value from pg_sequences
      where schemaname = current_schema() and last_value is not null order by sequencename collate "C"`);
}
