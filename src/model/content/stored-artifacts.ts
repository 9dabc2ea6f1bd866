/** Artifacts to be checked against the storage, in batches: all of a domain, or those of a version. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { inVersion, type VersionPlace } from '../repositories/membership.ts';

export interface StoredArtifact {
  readonly id: number;
  readonly sha256: string;
  readonly size: number;
}

export async function* storedArtifacts(
  db: Queryable,
  domainId: number,
  version: VersionPlace | null,
  batch = 1000,
): AsyncGenerator<StoredArtifact[]> {
  const inside = version
    ? sql`and exists (select from content_artifact ca join repository_content rc on rc.content_id = ca.content_id
        where ca.artifact_id = a.id and ${inVersion(version)})`
    : sql.empty;
  for (let after = 0; ; ) {
    const rows = await db.rows<StoredArtifact>(sql`
      select a.id, encode(a.sha256, 'hex') as sha256, a.size from artifact a
        where a.domain_id = ${domainId} and a.id > ${after} ${inside} order by a.id limit ${batch}`);
    if (rows.length === 0) return;
    after = rows.at(-1)!.id;
    yield rows;
  }
}
