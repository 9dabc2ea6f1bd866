/** Paths of a publication: none twice, none below another. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

const MOST_NAMED = 10;

export async function checkPublishedPaths(db: Queryable, publicationId: string): Promise<void> {
  const rows = await db.rows<{ path: string; other: string | null }>(sql`
    with recursive path as (select relative_path from published_artifact where publication_id = ${publicationId}),
    directory (path) as (
      select distinct regexp_replace(relative_path, '/[^/]*$', '') from path where position('/' in relative_path) > 0
      union select regexp_replace(path, '/[^/]*$', '') from directory where position('/' in path) > 0)
    (select relative_path as path, null as other from path group by relative_path having count(*) > 1)
    union all
    (select (select below.relative_path from path below where starts_with(below.relative_path, directory.path || '/') limit 1),
        directory.path from directory join path on path.relative_path = directory.path)
    limit ${MOST_NAMED}`);
  if (rows.length === 0) return;
  const lines = rows.map(({ path, other }) =>
    other === null ? `Path is duplicated: ${path}` : `The path for file '${path}' overlaps: ${other}`,
  );
  throw new Error(`Publication errors : Path errors found. \n${lines.join('\n')}`);
}
