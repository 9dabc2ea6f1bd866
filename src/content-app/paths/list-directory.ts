/** The page that lists a directory of a publication or version, read from a cursor and made piece by piece. */
import type { Database, Transaction } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { listingFrame, listingLine } from '../../lib/http/html-listing.ts';
import { inVersion } from '../../model/repositories/membership.ts';
import type { Source } from '../distributions/served-entry.ts';

const ROWS_AT_ONCE = 2000;

interface EntryRow {
  name: string;
  date: number;
  size: number | null;
}

/** A cursor takes no parameters, so values come from settings of the transaction; as a subquery they are read once. */
const setting = (name: string, type: string) =>
  sql.raw(`(select nullif(current_setting('deckle.${name}'), '')::${type})`);
const publicationId = setting('publication', 'uuid');
const repositoryId = setting('repository', 'bigint');
const versionNumber = setting('version', 'integer');
const publishedAt = setting('published', 'float8');
const directory = setting('directory', 'text');

/** A stay of a unit in the repository that the version is part of. */
const stay = inVersion({ repositoryId, number: versionNumber });

/** Files that were published, with the unit they belong to if any. */
const published = sql`select pa.relative_path, true as own, rc.version_added, ca.id as content_artifact_id,
    coalesce(pa.artifact_id, ca.artifact_id) as artifact_id
  from published_artifact pa left join content_artifact ca on ca.id = pa.content_artifact_id
  left join repository_content rc on rc.content_id = ca.content_id and ${stay}
  where pa.publication_id = ${publicationId} and starts_with(pa.relative_path, coalesce(${directory}, ''))`;

const content = sql`select ca.relative_path, false as own, rc.version_added, ca.id as content_artifact_id, ca.artifact_id
  from repository_content rc join content_artifact ca on ca.content_id = rc.content_id
  where ${stay} and starts_with(ca.relative_path, coalesce(${directory}, ''))`;

/**
 * One row per name, sorted by bytes: the newest date of what is below, and the size of a file, the upstream's where the
 * bytes are not here. Every join can go by an index, so that a plan made without statistics is no disaster.
 */
const entriesOf = (files: Sql) => sql`with
  files as (${files}),
  named as (select split_part(f.rest, '/', 1) || case when strpos(f.rest, '/') > 0 then '/' else '' end as name,
      f.own, f.content_artifact_id, a.size, coalesce(extract(epoch from v.pulp_created)::float8 * 1000, ${publishedAt}) as date
    from (select *, substr(relative_path, length(coalesce(${directory}, '')) + 1) as rest from files) f
    left join repository_version v on v.repository_id = ${repositoryId} and v.number = f.version_added
    left join artifact a on a.id = f.artifact_id),
  grouped as (select name, max(date) as date, coalesce(max(size) filter (where own), max(size)) as size,
      max(content_artifact_id) as unit from named group by name)
  select name, date, case when right(name, 1) = '/' then null else
      coalesce(size, (select max(r.size) from remote_artifact r where r.content_artifact_id = unit)) end as size
  from grouped where name <> '' order by name collate "C"`;

async function openCursor(tx: Transaction, source: Source, path: string): Promise<void> {
  await tx.run(sql`select set_config('deckle.publication', ${source.publicationId ?? ''}, true),
    set_config('deckle.repository', ${String(source.version.repositoryId)}, true),
    set_config('deckle.version', ${String(source.version.number)}, true),
    set_config('deckle.published', ${String(source.publishedAt)}, true), set_config('deckle.directory', ${path}, true)`);
  const parts = [...(source.publicationId ? [published] : []), ...(source.content ? [content] : [])];
  await tx.run(sql`declare listing no scroll cursor for ${entriesOf(sql.join(parts, ' union all '))}`.unprepared);
}

/**
 * Hands the page of a directory (a path with a slash at its end, or the empty one) to a sink in pieces of some thousand
 * lines; false, and nothing is handed over, when the directory does not exist. The root always does.
 */
export async function listDirectory(
  db: Database,
  source: Source,
  path: string,
  title: string,
  sink: (piece: Buffer) => Promise<void>,
): Promise<boolean> {
  const work = async (tx: Transaction) => {
    await openCursor(tx, source, path);
    const { head, foot } = listingFrame(title);
    let rows = await tx.rows<EntryRow>(fetchMore);
    if (rows.length === 0 && path !== '') return false;
    await sink(Buffer.from(head));
    for (; rows.length > 0; rows = await tx.rows<EntryRow>(fetchMore)) await sink(linesOf(rows));
    await sink(Buffer.from(foot));
    return true;
  };
  return db.transaction(work, { readOnly: true, isolation: 'repeatable read' });
}

const fetchMore = sql.raw(`fetch ${ROWS_AT_ONCE} from listing`).unprepared;

function linesOf(rows: readonly EntryRow[]): Buffer {
  const lines = rows.map(({ name, date, size }) => listingLine({ name, date, size: size ?? undefined }));
  return Buffer.from(lines.join(''));
}
