/** What an orphan clean-up would remove, counted without changing anything. */
import type { Queryable } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { isOrphan, type OrphanScope } from '../../../model/content/orphans.ts';

interface CleanupForecast {
  /** Units by pulp_type. */
  readonly content: Record<string, number>;
  readonly artifacts: number;
  readonly bytes: number;
}

export async function foreseeCleanup(db: Queryable, scope: OrphanScope): Promise<CleanupForecast> {
  const units = await db.rows<{ pulp_type: string; count: number }>(sql`
    select c.pulp_type, count(*) as count from content c where ${isOrphan(scope)} group by c.pulp_type order by c.pulp_type`);
  const bytes = await db.row<{ count: number; bytes: number }>(sql`
    with gone as materialized (select c.id from content c where ${isOrphan(scope)})
    select count(*) as count, coalesce(sum(a.size), 0)::bigint as bytes from artifact a
      where a.domain_id = ${scope.domainId} and a.timestamp_of_interest < ${scope.before}::timestamptz
        and not exists (select from published_artifact pa where pa.artifact_id = a.id)
        and not exists (select from task_profile tp where tp.artifact_id = a.id)
        and not exists (select from content_artifact ca
          where ca.artifact_id = a.id and ca.content_id not in (select id from gone))
        ${scope.contentPulpIds ? sql`and exists (select from content_artifact ca where ca.artifact_id = a.id)` : sql.empty}`);
  return {
    content: Object.fromEntries(units.map((row) => [row.pulp_type, row.count])),
    artifacts: bytes!.count,
    bytes: bytes!.bytes,
  };
}
