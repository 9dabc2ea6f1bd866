/**
 * Finds the bytes behind a path of a publication or version with one query of index look-ups. Each step is fenced by
 * `offset 0` or `limit 1`, so that the plan stays the same right after a large sync, before there are statistics.
 */
import type { Queryable } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { inVersionByUnit } from '../../model/repositories/membership.ts';
import type { Source } from '../distributions/served-entry.ts';

export interface FoundFile {
  readonly relativePath: string;
  readonly contentArtifactId: number | null;
  /** Null while the bytes are only upstream. */
  readonly artifact: { readonly sha256: string; readonly size: number } | null;
  /** Milliseconds: when the unit came into the repository, or the publication was made. */
  readonly date: number;
}

interface FileRow {
  relative_path: string;
  content_artifact_id: number | null;
  sha256: string | null;
  size: number | null;
  date: number;
}

const epoch = (time: Sql) => sql`extract(epoch from ${time})::float8 * 1000`;

/** Files of a publication under a path. */
export const publishedRows = (path: string, publicationId: Sql) => sql`
  select pa.relative_path, pa.content_artifact_id, coalesce(pa.artifact_id, ca.artifact_id) as artifact_id, ca.content_id
  from published_artifact pa left join lateral (
    select * from content_artifact where id = pa.content_artifact_id limit 1) ca on true
  where pa.publication_id = ${publicationId} and pa.path_hash = hashtextextended(${path}, 0) and pa.relative_path = ${path}`;

/** Below so many units with a path, one look at the membership of each is cheap. */
const FEW = 16;
/** Rows counted to find out whether the path or the repository has fewer. */
const COUNTED = 1000;

/**
 * Units of a version under a path. The path first, which is rarer than membership, unless many units have the path (one name in
 * a thousand repositories, or in a thousand builds) and the repository has fewer: then its members are asked for the path.
 */
export const contentRows = (path: string, repositoryId: Sql, number: Sql) => {
  const hash = sql`hashtextextended(${path}, 0)`;
  const members = sql`repository_content rc where ${inVersionByUnit({ repositoryId, number })}`;
  return sql`
  select ca.relative_path, ca.id as content_artifact_id, ca.artifact_id, ca.content_id
  from (select n > ${FEW} and n > (
      select count(*) from (select from repository_content where repository_id = ${repositoryId} limit n) m) as members_first
    from (select count(*) as n from (select from content_artifact where path_hash = ${hash} limit ${COUNTED}) c) c offset 0) way
  cross join lateral (
    select ca.* from (select * from content_artifact where path_hash = ${hash} and not way.members_first offset 0) ca
      where exists (select from ${members} and rc.content_id = ca.content_id offset 0)
    union all
    select ca.* from (select rc.content_id from ${members} and way.members_first offset 0) rc
      cross join lateral (select * from content_artifact where content_id = rc.content_id offset 0) ca
      where ca.path_hash = ${hash}
  ) ca where ca.relative_path = ${path}`;
};

/** Adds bytes and dates to found rows `f`, with repository_id, number and the date to use for metadata. */
export const withBytes = (rows: Sql) => sql`
  select f.*, a.sha256, a.size, coalesce(stay.date, f.published_at) as date from (${rows}) f
  left join lateral (select encode(sha256, 'hex') as sha256, size from artifact where id = f.artifact_id limit 1) a on true
  left join lateral (
    select ${epoch(sql`(select pulp_created from repository_version
        where repository_id = rc.repository_id and number = rc.version_added)`)} as date
    from repository_content rc where rc.repository_id = f.repository_id and rc.content_id = f.content_id
      and rc.version_added <= f.number order by rc.version_added desc limit 1) stay on true`;

/** The file of a path, undefined when there is none. Published files go before content. */
export async function findFile(db: Queryable, source: Source, path: string): Promise<FoundFile | undefined> {
  const { publicationId, content, version, publishedAt } = source;
  const { repositoryId, number } = version;
  const parts: Sql[] = [];
  if (publicationId) parts.push(sql`select 0 as rank, p.* from (${publishedRows(path, sql`${publicationId}`)}) p`);
  if (content) {
    parts.push(
      sql`select 1 as rank, c.* from (${contentRows(path, sql`${repositoryId}::bigint`, sql`${number}::integer`)}) c`,
    );
  }
  if (parts.length === 0) return undefined;
  const row = await db.row<FileRow>(
    withBytes(sql`select u.*, ${repositoryId}::bigint as repository_id, ${number}::integer as number, ${publishedAt}::float8 as published_at
      from (${sql.join(parts, ' union all ')}) u order by u.rank, u.content_artifact_id desc limit 1`),
  );
  return row && asFound(row);
}

/** What stands for a directory: `index.html` among published files, or in a version that is served as it is. */
export function findIndex(db: Queryable, source: Source, directory: string): Promise<FoundFile | undefined> {
  return findFile(db, source.publicationId ? { ...source, content: false } : source, `${directory}index.html`);
}

/** The file of a unit by the id of its artifact row. */
export async function findContentArtifact(
  db: Queryable,
  source: Source | null,
  id: number,
): Promise<FoundFile | undefined> {
  const version = source?.version;
  const row = await db.row<FileRow>(
    withBytes(sql`select ca.relative_path, ca.id as content_artifact_id, ca.artifact_id, ca.content_id,
        ${version?.repositoryId ?? null}::bigint as repository_id, ${version?.number ?? 0}::integer as number,
        (select ${epoch(sql`c.pulp_created`)} from content c where c.id = ca.content_id) as published_at
      from content_artifact ca where ca.id = ${id}`),
  );
  return row && asFound(row);
}

export function asFound(row: FileRow): FoundFile {
  return {
    relativePath: row.relative_path,
    contentArtifactId: row.content_artifact_id,
    artifact: row.sha256 === null ? null : { sha256: row.sha256, size: row.size! },
    date: Math.round(row.date),
  };
}
