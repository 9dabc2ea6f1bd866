/** Empties a database that a restore replaces, and tells whether somebody uses it. */
import type { Database, Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

export async function tableCount(db: Queryable): Promise<number> {
  const row = await db.row<{ count: number }>(sql`
    select count(*) as count from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'`);
  return row?.count ?? 0;
}

/** Names of processes that gave a sign of life within their time. */
export async function liveProcesses(db: Queryable): Promise<string[]> {
  const known = await db.row<{ found: boolean }>(sql`select to_regclass('app_status') is not null as found`);
  if (!known?.found) return [];
  const rows = await db.rows<{ name: string }>(sql`
    select app_type || ' ' || name as name from app_status
      where last_heartbeat > clock_timestamp() - make_interval(secs => ttl) order by 1`);
  return rows.map(({ name }) => name);
}

/** Drops everything in the schema; needs to own what is there, not the schema. */
export async function clearDatabase(db: Database): Promise<void> {
  await db.transaction(async (tx) => {
    const drops = await tx.rows<{ text: string }>(sql`
      select format('drop table if exists %s cascade', oid::regclass) as text, 1 as place
        from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')
      union all
      select format('drop routine if exists %s cascade', oid::regprocedure), 2 from pg_proc p
        where pronamespace = current_schema()::regnamespace
          and not exists (select from pg_depend where objid = p.oid and deptype in ('e', 'i'))
      union all
      select format('drop type if exists %s cascade', oid::regtype), 3 from pg_type t
        where typnamespace = current_schema()::regnamespace and typtype in ('e', 'd', 'r') and typrelid = 0
          and not exists (select from pg_depend where objid = t.oid and deptype = 'e')
      order by place`);
    for (const { text } of drops) await tx.run(sql.raw(text).unprepared);
  });
}
