/** Sources of bytes upstream, as other parts than the making of units ask for them. */
import type { Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Digests } from '../../lib/crypto/digest.ts';
import { isAlternate } from './alternate-source.ts';
import type { ArtifactSource } from './content-artifact.ts';
import { byteaText, type DigestColumns, digestSelect, digestsOfRow } from './digest-columns.ts';

/** Whether any alternate content source exists in the domain. */
export async function hasAlternateSources(db: Queryable, domainId: number): Promise<boolean> {
  const row = await db.row<{ some: boolean }>(
    sql`select exists (select from alternate_content_source where domain_id = ${domainId}) as some`,
  );
  return row!.some;
}

/** Alternate sources by sha256. */
export async function alternateSources(
  db: Queryable,
  domainId: number,
  sha256s: readonly string[],
): Promise<Map<string, ArtifactSource[]>> {
  const rows = await db.rows<{ remoteId: string; url: string; headers: SourceHeaders; sha256: string }>(sql`
    select distinct on (ra.sha256, ra.url) ra.remote_id as "remoteId", ra.url, ra.headers, encode(ra.sha256, 'hex') as sha256
      from remote_artifact ra join remote r on r.pulp_id = ra.remote_id
      where ${isAlternate('ra')} and ra.sha256 = any(${sha256s.map(byteaText)}::bytea[]) and r.domain_id = ${domainId}
      order by ra.sha256, ra.url`);
  const found = new Map<string, ArtifactSource[]>();
  for (const { remoteId, url, headers, sha256 } of rows) {
    found.set(sha256, [...(found.get(sha256) ?? []), { remoteId, url, headers: headers ?? undefined }]);
  }
  return found;
}

type SourceHeaders = Readonly<Record<string, string>> | null;

interface KnownSource {
  readonly remoteId: string;
  readonly url: string;
  readonly size: number | null;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly digests: Digests;
}

interface SourceRow extends DigestColumns {
  readonly remoteId: string;
  readonly url: string;
  readonly size: number | null;
  readonly headers: SourceHeaders;
}

/** All places that list the bytes with this sha256, alternate ones first. */
export async function sourcesOf(db: Queryable, domainId: number, artifactId: number): Promise<KnownSource[]> {
  const rows = await db.rows<SourceRow>(sql`
    select distinct on (${isAlternate('ra')}, ra.remote_id, ra.url) ra.remote_id as "remoteId", ra.url, ra.size, ra.headers,
        ${digestSelect('ra')}
      from content_artifact ca join remote_artifact ra on ra.content_artifact_id = ca.id
        join remote r on r.pulp_id = ra.remote_id
      where ca.artifact_id = ${artifactId} and r.domain_id = ${domainId}
      order by ${isAlternate('ra')} desc, ra.remote_id, ra.url`);
  return rows.map((row) => ({
    ...row,
    headers: row.headers ?? undefined,
    digests: digestsOfRow(row),
  }));
}

/** Forgets what remotes have, which are about to be deleted. */
export async function deleteSources(tx: Transaction, remoteIds: readonly string[]): Promise<void> {
  await tx.run(sql`delete from remote_artifact where remote_id = any(${remoteIds}::uuid[])`);
}

/** The source has just failed: others are tried before it. */
export async function noteSourceFailed(db: Queryable, sourceId: number): Promise<void> {
  await db.run(sql`update remote_artifact set failed_at = now() where id = ${sourceId}`);
}
