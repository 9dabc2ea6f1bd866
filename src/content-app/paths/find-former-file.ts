/** Finds a path in what a distribution served before: its former publications answer for a grace period (core.md §5.3). */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { asFound, contentRows, type FoundFile, publishedRows, withBytes } from './find-file.ts';

interface FormerFile extends FoundFile {
  /** Milliseconds from now for which it is served yet. */
  readonly graceLeft: number;
}

type FormerRow = Parameters<typeof asFound>[0] & { grace_left: number };

/** The newest among publications served until at most so many seconds ago; published files go before content. */
export async function findFormerFile(
  db: Queryable,
  distributionId: string,
  path: string,
  seconds: number,
): Promise<FormerFile | undefined> {
  const row = await db.row<FormerRow>(
    withBytes(sql`select u.*, v.repository_id, v.number, extract(epoch from p.pulp_created)::float8 * 1000 as published_at,
        (extract(epoch from dp.served_until - now())::float8 + ${seconds}::float8) * 1000 as grace_left
      from distributed_publication dp
      join publication p on p.pulp_id = dp.publication_id and p.complete
      join repository_version v on v.pulp_id = p.repository_version_id
      cross join lateral (
        select 0 as rank, f.* from (${publishedRows(path, sql`p.pulp_id`)}) f
        union all
        select 1, f.* from (${contentRows(path, sql`v.repository_id`, sql`v.number`)}) f where p.pass_through
      ) u
      where dp.distribution_id = ${distributionId} and dp.served_until > now() - make_interval(secs => ${seconds})
      order by dp.served_until desc, u.rank, u.content_artifact_id desc limit 1`),
  );
  return row && { ...asFound(row), graceLeft: row.grace_left };
}
