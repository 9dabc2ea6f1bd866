/** Which versions of a repository are in use by distributions, and trimming of the others (core.md §4). */
import type { Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { deleteVersion, type VersionRow } from './repository-version.ts';

/**
 * Numbers of the versions that must stay: set on a distribution, themselves or by a publication; with checkpoint publications while
 * a checkpoint distribution exists; what a replication has fetched or can return to; and what other distributions on the repository serve:
 * its latest published version or its latest one. Where the caller does not know which, a repository that was ever published tells.
 */
export async function protectedVersions(
  db: Queryable,
  repositoryId: number,
  servesPublications?: boolean,
): Promise<Set<number>> {
  const published = 'exists (select from publication p where p.repository_version_id = v.pulp_id and p.complete)';
  const never = `not exists (select from version join publication p on p.repository_version_id = version.pulp_id)`;
  const served = sql.raw(
    servesPublications === undefined ? `(${published} or ${never})` : servesPublications ? published : 'true',
  );
  const rows = await db.rows<{ number: number }>(sql`
    with version as (select v.* from repository_version v where v.repository_id = ${repositoryId} and v.complete),
    follower as (
      select d.checkpoint from distribution d join repository r on r.pulp_id = d.repository_id where r.id = ${repositoryId})
    select v.number from version v join distribution d on d.repository_version_id = v.pulp_id
    union select v.number from version v join publication p on p.repository_version_id = v.pulp_id
      join distribution d on d.publication_id = p.pulp_id
    union select v.number from version v join publication p on p.repository_version_id = v.pulp_id
      where p.checkpoint and exists (select from follower where checkpoint)
    union select v.number from version v join replication_pin k on k.version_id = v.pulp_id
    union select v.number from version v join replication_holding h on h.version_id = v.pulp_id
    union (select v.number from version v where ${served} and exists (select from follower where not checkpoint)
      order by v.number desc limit 1)`);
  return new Set(rows.map((row) => row.number));
}

/** Whether a version, by its bigint id, must stay. */
export async function isProtected(db: Queryable, versionId: number, servesPublications?: boolean): Promise<boolean> {
  const version = await db.row<{ repository_id: number; number: number }>(
    sql`select repository_id, number from repository_version where id = ${versionId}`,
  );
  if (!version) return false;
  return (await protectedVersions(db, version.repository_id, servesPublications)).has(version.number);
}

/** Deletes versions but the newest `keep` of those that are not protected. Returns how many went. */
export async function trimVersions(
  tx: Transaction,
  repositoryId: number,
  keep: number,
  servesPublications: boolean,
): Promise<number> {
  const kept = await protectedVersions(tx, repositoryId, servesPublications);
  const versions = await tx.rows<VersionRow>(sql`
    select id, pulp_id as "pulpId", number, repository_id as "repositoryId", counts from repository_version
      where repository_id = ${repositoryId} and complete order by number desc`);
  const free = versions.filter((version) => !kept.has(version.number));
  const surplus = free.slice(keep).reverse();
  for (const version of surplus) await deleteVersion(tx, version);
  return surplus.length;
}
