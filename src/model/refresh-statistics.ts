/** Tells the planner about tables that have grown a lot, which the database itself notices a minute later only. */
import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';

const TABLES = [
  'content',
  'content_artifact',
  'remote_artifact',
  'artifact',
  'repository_content',
  'published_artifact',
];

/** A table counts as grown when it has more than twice the pages that the planner knows of. Without change this is one quick query. */
export async function refreshStatistics(db: Database, detailTables: readonly string[]): Promise<void> {
  const grown = await db.rows<{ name: string }>(sql`
    select relname as name from pg_class
      where oid = any(array(select to_regclass(name) from unnest(${[...TABLES, ...detailTables]}::text[]) as name)::oid[])
        and pg_relation_size(oid) / current_setting('block_size')::integer > 2 * relpages + 20 order by relname`);
  if (grown.length === 0) return;
  await db.run(sql`analyze ${sql.join(grown.map(({ name }) => sql.ident(name)))}`.unprepared);
}
