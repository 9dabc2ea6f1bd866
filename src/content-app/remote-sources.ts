/** Where upstream the bytes of a unit can be fetched, alternate sources first, and what is known of them before they are here. */
import type { Queryable } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { DigestName, Digests } from '../lib/digest.ts';
import { DIGEST_NAMES } from '../lib/digest.ts';
import { digestSelect, digestsOfRow } from '../model/digest-columns.ts';
import type { Row } from '../plugin-api/field.ts';

export interface RemoteSource {
  readonly id: number;
  readonly url: string;
  readonly remote: Row;
  readonly size: number | null;
  readonly digests: Digests;
}

export interface RemoteSources {
  /** In the order to try them; without those that failed lately. */
  readonly sources: readonly RemoteSource[];
  readonly size: number | undefined;
  readonly sha256: string | undefined;
  /** Equal bytes are in the domain already, brought by something else. */
  readonly artifact: { readonly id: number; readonly sha256: string; readonly size: number } | undefined;
}

interface SourceRow extends Row {
  id: number;
  url: string;
  remote: Row;
  size: number | null;
  usable: boolean;
  artifact_id: number | null;
  artifact_size: number | null;
}

/** `cooldown`: seconds for which a source that sent wrong bytes is left alone. */
export async function findSources(
  db: Queryable,
  domainId: number,
  contentArtifactId: number,
  cooldown: number,
): Promise<RemoteSources> {
  const rows =
    await db.rows<SourceRow>(sql`with own as (select * from remote_artifact where content_artifact_id = ${contentArtifactId})
    select ra.id, ra.url, ra.size, ${digestSelect('ra')}, to_jsonb(r) as remote, a.id as artifact_id, a.size as artifact_size,
      (ra.failed_at is null or ra.failed_at < now() - make_interval(secs => ${cooldown})) as usable
    from (select * from own union all
      select other.* from remote_artifact other where other.is_alternate and other.content_artifact_id <> ${contentArtifactId}
        and other.sha256 in (select own.sha256 from own where own.sha256 is not null)) ra
    join remote r on r.pulp_id = ra.remote_id and r.domain_id = ${domainId}
    left join artifact a on a.sha256 = ra.sha256 and a.domain_id = ${domainId}
    order by ra.is_alternate desc, ra.id`);
  return summary(rows);
}

function summary(rows: readonly SourceRow[]): RemoteSources {
  const all = rows.map((row) => ({ row, digests: digestsOfRow(row) }));
  const sha256 = all.find(({ digests }) => digests.sha256)?.digests.sha256;
  const here = rows.find((row) => row.artifact_id !== null);
  return {
    sources: all
      .filter(({ row }) => row.usable)
      .map(({ row, digests }) => ({ id: row.id, url: row.url, remote: row.remote, size: row.size, digests })),
    size: rows.find((row) => row.size !== null)?.size ?? undefined,
    sha256,
    artifact: here && sha256 ? { id: here.artifact_id!, sha256, size: here.artifact_size! } : undefined,
  };
}

/** Remembers that a source sent wrong bytes. */
export async function markFailed(db: Queryable, sourceId: number): Promise<void> {
  await db.run(sql`update remote_artifact set failed_at = now() where id = ${sourceId}`);
}

/** The source of a path that a sync from the remote has made known, whatever repository holds it. */
export async function findKnownPath(
  db: Queryable,
  remoteId: string,
  path: string,
  url: string,
): Promise<number | undefined> {
  const row = await db.row<{ id: number }>(sql`select ca.id from content_artifact ca
    join remote_artifact ra on ra.content_artifact_id = ca.id and ra.remote_id = ${remoteId} and ra.url = ${url}
    where ca.path_hash = hashtextextended(${path}, 0) and ca.relative_path = ${path} order by ca.id desc limit 1`);
  return row?.id;
}

/** Digests that an artifact may have, sha256 among them. */
export function digestNames(allowed: readonly string[]): DigestName[] {
  return DIGEST_NAMES.filter((name) => name === 'sha256' || allowed.includes(name));
}
