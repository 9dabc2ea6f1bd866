/** Finds the bytes behind a path of a publication or version with one query of index look-ups. */
import type { Queryable } from '../db/database.ts';
import { type Sql, sql } from '../db/sql.ts';
import type { Source } from './served-entry.ts';

export interface FoundFile {
  readonly relativePath: string;
  readonly contentArtifactId: number | null;
  /** Null while the bytes are only upstream. */
  readonly artifact: { readonly sha256: string; readonly size: number } | null;
  /** Milliseconds: when the unit came into the repository, or the publication was made. */
  readonly date: number;
  /** Milliseconds from now for which it is served though it is not in what is served now. */
  readonly graceLeft: number | null;
}

export interface FileQuestion {
  readonly source: Source;
  readonly path: string;
  /** Asks for `<path>index.html` among published files. */
  readonly index?: boolean;
  /** Former publications of this distribution, served until at most so many seconds ago, answer too. */
  readonly grace?: { readonly distributionId: string; readonly seconds: number };
}

interface FileRow {
  relative_path: string;
  content_artifact_id: number | null;
  sha256: string | null;
  size: number | null;
  date: number;
  grace_left: number | null;
}

const epoch = (time: Sql) => sql`extract(epoch from ${time})::float8 * 1000`;

/** Units of a version that have the path: the path first, it is rarer than membership. */
const contentRows = (path: string, version: Sql, condition: Sql) => sql`
  select ca.relative_path, ca.id as content_artifact_id, ca.artifact_id, ca.content_id, v.repository_id, v.number, v.pulp_created
  from ${version}
  join content_artifact ca on ca.path_hash = hashtextextended(${path}, 0) and ca.relative_path = ${path}
  join repository_content rc on rc.repository_id = v.repository_id and rc.content_id = ca.content_id
    and rc.version_added <= v.number and (rc.version_removed is null or rc.version_removed > v.number)
  where ${condition}`;

const publishedRows = (path: string, publicationId: string) => sql`
  select pa.relative_path, pa.content_artifact_id, coalesce(pa.artifact_id, ca.artifact_id) as artifact_id, ca.content_id,
    v.repository_id, v.number, p.pulp_created
  from published_artifact pa join publication p on p.pulp_id = pa.publication_id
  join repository_version v on v.pulp_id = p.repository_version_id
  left join content_artifact ca on ca.id = pa.content_artifact_id
  where pa.publication_id = ${publicationId} and pa.path_hash = hashtextextended(${path}, 0) and pa.relative_path = ${path}`;

/** What was served before: as above, of each former publication. */
const formerRows = (path: string, { distributionId, seconds }: NonNullable<FileQuestion['grace']>) => {
  const left = sql`${epoch(sql`dp.served_until - now()`)} + ${seconds}::float8 * 1000`;
  const former = sql`distributed_publication dp join publication p on p.pulp_id = dp.publication_id and p.complete
    join repository_version v on v.pulp_id = p.repository_version_id`;
  const recent = sql`dp.distribution_id = ${distributionId} and dp.served_until > now() - make_interval(secs => ${seconds})`;
  return sql`
  select 2 as rank, dp.served_until, ${left} as grace_left, pa.relative_path, pa.content_artifact_id,
    coalesce(pa.artifact_id, ca.artifact_id) as artifact_id, ca.content_id, v.repository_id, v.number, p.pulp_created
  from ${former}
  join published_artifact pa on pa.publication_id = p.pulp_id and pa.path_hash = hashtextextended(${path}, 0) and pa.relative_path = ${path}
  left join content_artifact ca on ca.id = pa.content_artifact_id where ${recent}
  union all
  select 2, dp.served_until, ${left}, c.* from ${former} join lateral (${contentRows(path, sql`(select v.*) v`, sql`true`)}) c on p.pass_through where ${recent}`;
};

/** Published files, then content, then what was served before; newest first among equals. */
function candidates({ source, path, index, grace }: FileQuestion): Sql {
  const wanted = index ? `${path}index.html` : path;
  const none = sql`null::timestamptz as served_until, null::float8 as grace_left`;
  const parts: Sql[] = [];
  if (source.publicationId) {
    parts.push(sql`select 0 as rank, ${none}, f.* from (${publishedRows(wanted, source.publicationId)}) f`);
  }
  if (source.content && !(index && source.publicationId)) {
    const version = sql`repository_version v`;
    parts.push(
      sql`select 1 as rank, ${none}, f.* from (${contentRows(wanted, version, sql`v.id = ${source.version.id}`)}) f`,
    );
  }
  if (grace && !index) parts.push(formerRows(wanted, grace));
  return sql.join(parts, ' union all ');
}

/** The file of a path, undefined when there is none. */
export async function findFile(db: Queryable, question: FileQuestion): Promise<FoundFile | undefined> {
  if (!question.source.publicationId && !question.source.content) return undefined;
  const row = await db.row<FileRow>(sql`select f.relative_path, f.content_artifact_id, f.grace_left,
      encode(a.sha256, 'hex') as sha256, a.size,
      coalesce((select ${epoch(sql`av.pulp_created`)} from repository_content rc
        join repository_version av on av.repository_id = rc.repository_id and av.number = rc.version_added
        where rc.repository_id = f.repository_id and rc.content_id = f.content_id and rc.version_added <= f.number
        order by rc.version_added desc limit 1), ${epoch(sql`f.pulp_created`)}) as date
    from (${candidates(question)}) f left join artifact a on a.id = f.artifact_id
    order by f.rank, f.served_until desc nulls first, f.content_artifact_id desc limit 1`);
  return row && asFound(row);
}

/** The file of a unit by the id of its artifact row. */
export async function findContentArtifact(
  db: Queryable,
  source: Source | null,
  id: number,
): Promise<FoundFile | undefined> {
  const row =
    await db.row<FileRow>(sql`select ca.relative_path, ca.id as content_artifact_id, null::float8 as grace_left,
      encode(a.sha256, 'hex') as sha256, a.size,
      coalesce((select ${epoch(sql`av.pulp_created`)} from repository_content rc
        join repository_version av on av.repository_id = rc.repository_id and av.number = rc.version_added
        where rc.repository_id = ${source?.version.repositoryId ?? null} and rc.content_id = ca.content_id
          and rc.version_added <= ${source?.version.number ?? 0}
        order by rc.version_added desc limit 1), ${epoch(sql`c.pulp_created`)}) as date
    from content_artifact ca join content c on c.id = ca.content_id left join artifact a on a.id = ca.artifact_id
    where ca.id = ${id}`);
  return row && asFound(row);
}

function asFound(row: FileRow): FoundFile {
  return {
    relativePath: row.relative_path,
    contentArtifactId: row.content_artifact_id,
    artifact: row.sha256 === null ? null : { sha256: row.sha256, size: row.size! },
    date: Math.round(row.date),
    graceLeft: row.grace_left,
  };
}
