/** Bytes that can be dropped because upstream still has them: links of units to artifacts, found and cut in batches. */

import type { Queryable, Transaction } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { inVersion, versionRow } from '../repositories/membership.ts';

export interface ReclaimScope {
  readonly domainId: number;
  readonly repositoryIds: readonly number[];
  /** Versions (by bigint id) whose units keep their bytes. */
  readonly keptVersionIds: readonly number[];
  /** pulp_types that allow it. */
  readonly contentTypes: readonly string[];
}

/** What an alternate source lists is nobody's content. */
const HIDDEN = sql.raw(
  `select r.id from alternate_content_source_path p join repository r on r.pulp_id = p.repository_id`,
);

/** Condition on `ca`: only in these repositories, in no kept version, with a source upstream. */
function isReclaimable({ domainId, repositoryIds, keptVersionIds, contentTypes }: ReclaimScope): Sql {
  return sql`ca.artifact_id is not null
    and exists (select from content c where c.id = ca.content_id and c.domain_id = ${domainId}
      and c.pulp_type = any(${contentTypes}::text[]))
    and exists (select from repository_content rc where rc.content_id = ca.content_id
      and rc.repository_id = any(${repositoryIds}::bigint[]))
    and not exists (select from repository_content rc where rc.content_id = ca.content_id
      and not rc.repository_id = any(${repositoryIds}::bigint[]) and rc.repository_id not in (${HIDDEN}))
    and not exists (select from repository_content rc join repository_version v on ${inVersion(versionRow('v'))}
      where rc.content_id = ca.content_id and v.id = any(${keptVersionIds}::bigint[]))
    and exists (select from remote_artifact ra join remote r on r.pulp_id = ra.remote_id where ra.content_artifact_id = ca.id)`;
}

/** Condition on `ca`: its artifact serves nobody who may not lose it. */
function isAlone(scope: ReclaimScope): Sql {
  return sql`not exists (select from published_artifact pa where pa.artifact_id = ca.artifact_id)
    and not exists (select from content_artifact other where other.artifact_id = ca.artifact_id and other.id <> ca.id
      and not exists (select from content_artifact ca where ca.id = other.id and ${isReclaimable(scope)}))`;
}

interface Reclaimable {
  readonly id: number;
  readonly artifactId: number;
}

/** Links with ids above `after`, in the order of their ids. */
export async function findReclaimable(
  db: Queryable,
  scope: ReclaimScope,
  after: number,
  limit: number,
): Promise<Reclaimable[]> {
  return await db.rows<Reclaimable>(sql`
    select ca.id, ca.artifact_id as "artifactId" from content_artifact ca
      where ca.id > ${after} and ${isReclaimable(scope)} and ${isAlone(scope)} order by ca.id limit ${limit}`);
}

/** Artifacts that would go with all the links: those that nothing else has. */
export async function foreseeReclaim(
  db: Queryable,
  scope: ReclaimScope,
): Promise<{ artifacts: number; bytes: number }> {
  const row = await db.row<{ artifacts: number; bytes: number }>(sql`
    select count(*) as artifacts, coalesce(sum(a.size), 0)::bigint as bytes from artifact a
      where a.id in (select ca.artifact_id from content_artifact ca where ${isReclaimable(scope)} and ${isAlone(scope)})
        and not exists (select from task_profile tp where tp.artifact_id = a.id)`);
  return row!;
}

/** Cuts links that may still be cut: a repository could have taken the unit meanwhile, which it does holding the unit. */
export async function cutLinks(tx: Transaction, scope: ReclaimScope, ids: readonly number[]): Promise<void> {
  await tx.rows(sql`
    select c.id from content c join content_artifact ca on ca.content_id = c.id
      where ca.id = any(${ids}::bigint[]) order by c.id for update of c`);
  await tx.run(sql`
    update content_artifact ca set artifact_id = null where ca.id = any(${ids}::bigint[]) and ${isReclaimable(scope)}`);
}
