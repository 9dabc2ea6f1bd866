/** What syncs of replicated repositories leave behind: which version and publication hold what upstream served. */
import type { Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { inVersion, versionRow } from '../repositories/membership.ts';

interface SyncedItem {
  /** id of the item of the run for which was synced. */
  readonly item: number;
  readonly repositoryId: string;
  readonly versionId: string;
  readonly publicationId: string | null;
}

/** Notes the version by its id: whatever is made in the repository later is not what the run has fetched. */
export async function recordSynced(tx: Transaction, synced: SyncedItem): Promise<void> {
  const { item, repositoryId, versionId, publicationId } = synced;
  await tx.run(sql`
    update replication_holding h set watermark = i.target ->> 'watermark', version_id = ${versionId}, publication_id = ${publicationId}
      from replication_item i where i.id = ${item} and h.repository_id = ${repositoryId}
        and h.upstream_href = i.target ->> 'href'`);
  await tx.run(sql`
    update replication_item i set state = 'staged', error = null, counts = v.counts -> 'present',
        bytes = (select coalesce(sum(a.size), 0) from repository_content rc
          join content_artifact ca on ca.content_id = rc.content_id join artifact a on a.id = ca.artifact_id
          where ${inVersion(versionRow('v'))})
      from repository_version v where i.id = ${item} and v.pulp_id = ${versionId}`);
}

/** The publication that stands for a version: the one held last, else the newest. */
export async function heldPublication(
  db: Queryable,
  repositoryId: string,
  versionId: string,
): Promise<string | undefined> {
  const row = await db.row<{ pulp_id: string }>(sql`
    select p.pulp_id from publication p left join replication_holding h
        on h.repository_id = ${repositoryId} and h.publication_id = p.pulp_id
      where p.repository_version_id = ${versionId} and p.complete
      order by h.publication_id is not null desc, p.pulp_id desc limit 1`);
  return row?.pulp_id;
}
