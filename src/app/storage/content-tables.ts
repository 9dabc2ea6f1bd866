/** Tables that the migrations of a package type make, told from their text. */

import type { Queryable } from '../../db/database.ts';
import { readMigrations } from '../../db/migrate.ts';
import { sql } from '../../db/sql.ts';
import { migrationSources } from './migrations.ts';

const CREATE = /create\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?"?([a-z0-9_]+)"?/gi;

/** Those of them that the database has. */
export async function contentTables(db: Queryable, component: string): Promise<string[]> {
  const sources = migrationSources().filter((source) => source.component === component);
  const named = readMigrations(sources).flatMap(({ text }) => [...text.matchAll(CREATE)].map((match) => match[1]!));
  const rows = await db.rows<{ name: string }>(sql`
    select c.relname::text as name from pg_class c where c.relnamespace = current_schema()::regnamespace
      and c.relkind = 'r' and c.relname = any(${named}::text[])`);
  return rows.map(({ name }) => name);
}
