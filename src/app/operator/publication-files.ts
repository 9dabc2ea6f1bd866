/** The files of a publication as clients see them, with the artifacts that hold their bytes. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { inVersion, versionRow } from '../../model/repositories/membership.ts';
import { artifactKey } from '../../storage/artifact-key.ts';

interface PublishedFile {
  /** Path below the distribution. */
  readonly path: string;
  /** Key in the storage; null while the bytes are only upstream. */
  readonly key: string | null;
  readonly size: number | null;
}

export interface PublicationFiles {
  readonly pulpId: string;
  readonly pulpType: string;
  readonly complete: boolean;
  /** Domain of the publication; its files are in the storage of that domain. */
  readonly domain: { readonly id: number; readonly pulpId: string; readonly name: string };
}

export async function findPublication(db: Queryable, pulpId: string): Promise<PublicationFiles | undefined> {
  return await db.row<PublicationFiles>(sql`
    select p.pulp_id as "pulpId", p.pulp_type as "pulpType", p.complete,
        json_build_object('id', d.id, 'pulpId', d.pulp_id, 'name', d.name) as domain
      from publication p join domain d on d.id = p.domain_id where p.pulp_id = ${pulpId}::uuid`);
}

const BATCH = 5_000;

/** In the order of their paths, a batch at a time. */
export async function* publicationFiles(
  db: Queryable,
  { pulpId, domain }: PublicationFiles,
): AsyncGenerator<PublishedFile> {
  for (let after: string | null = null; ; ) {
    const rows: { path: string; sha256: string | null; size: number | null }[] = await db.rows(sql`
      select path, encode(a.sha256, 'hex') as sha256, a.size from (
          select pa.relative_path as path, coalesce(pa.artifact_id, ca.artifact_id) as artifact_id
            from published_artifact pa left join content_artifact ca on ca.id = pa.content_artifact_id
            where pa.publication_id = ${pulpId}::uuid
          union all
          select ca.relative_path, ca.artifact_id
            from publication p join repository_version v on v.pulp_id = p.repository_version_id
              join repository_content rc on ${inVersion(versionRow('v'))}
              join content_artifact ca on ca.content_id = rc.content_id
            where p.pulp_id = ${pulpId}::uuid and p.pass_through
              and not exists (select from published_artifact own where own.publication_id = p.pulp_id
                and own.path_hash = ca.path_hash and own.relative_path = ca.relative_path)
        ) files left join artifact a on a.id = files.artifact_id
        where ${after}::text is null or path collate "C" > ${after} order by path collate "C" limit ${BATCH}`);
    const inside = domain.name === 'default' ? null : domain.pulpId;
    for (const { path, sha256, size } of rows) {
      yield { path, key: sha256 === null ? null : artifactKey(sha256, inside), size };
    }
    if (rows.length < BATCH) return;
    after = rows.at(-1)!.path;
  }
}
