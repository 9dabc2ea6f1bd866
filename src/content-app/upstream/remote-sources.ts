/** Where upstream the bytes of a unit can be fetched, alternate sources first, and what is known of them before they are here. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { DigestName, Digests } from '../../lib/crypto/digest.ts';
import { DIGEST_NAMES } from '../../lib/crypto/digest.ts';
import { isAlternate } from '../../model/content/alternate-source.ts';
import { type DigestColumns, digestSelect, digestsOfRow } from '../../model/content/digest-columns.ts';
import type { Row } from '../../plugin-api/declare/field.ts';

export interface RemoteSource {
  readonly id: number;
  readonly url: string;
  readonly remote: Row;
  readonly size: number | null;
  readonly digests: Digests;
  /** Of the request. */
  readonly headers: Readonly<Record<string, string>> | undefined;
}

export interface RemoteSources {
  /** In the order to try them; without those that failed lately. */
  readonly sources: readonly RemoteSource[];
  /** There are some of those. */
  readonly isFailed: boolean;
  readonly size: number | undefined;
  readonly sha256: string | undefined;
  /** Equal bytes are in the domain already, brought by something else. */
  readonly artifact: { readonly id: number; readonly sha256: string; readonly size: number } | undefined;
}

interface SourceRow extends Row, DigestColumns {
  id: number;
  url: string;
  remote: Row;
  size: number | null;
  headers: Readonly<Record<string, string>> | null;
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
  const rows = await db.rows<SourceRow>(sql`with
    own as materialized (select * from remote_artifact where content_artifact_id = ${contentArtifactId}),
    alternate as materialized (select distinct on (other.id) other.* from own cross join lateral (
      select * from remote_artifact
        where ${isAlternate('remote_artifact')} and sha256 = own.sha256
          and content_artifact_id <> own.content_artifact_id offset 0) other)
    select ra.id, ra.url, ra.size, ra.headers, ${digestSelect('ra')}, r.remote, a.id as artifact_id, a.size as artifact_size,
      (ra.failed_at is null or ra.failed_at < now() - make_interval(secs => ${cooldown})) as usable
    from (select * from own union all select * from alternate) ra
    cross join lateral (select to_jsonb(remote) as remote from remote where pulp_id = ra.remote_id and domain_id = ${domainId} limit 1) r
    left join lateral (select id, size from artifact where sha256 = ra.sha256 and domain_id = ${domainId} limit 1) a on true
    order by ${isAlternate('ra')} desc, ra.id`);
  return summary(rows);
}

function summary(rows: readonly SourceRow[]): RemoteSources {
  const all = rows.map((row) => ({ row, digests: digestsOfRow(row) }));
  const sha256 = all.find(({ digests }) => digests.sha256)?.digests.sha256;
  const here = rows.find((row) => row.artifact_id !== null);
  return {
    sources: all
      .filter(({ row }) => row.usable)
      .map(({ row: { id, url, remote, size, headers }, digests }) => {
        return { id, url, remote, size, digests, headers: headers ?? undefined };
      }),
    isFailed: rows.some((row) => !row.usable),
    size: rows.find((row) => row.size !== null)?.size ?? undefined,
    sha256,
    artifact: here && sha256 ? { id: here.artifact_id!, sha256, size: here.artifact_size! } : undefined,
  };
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
