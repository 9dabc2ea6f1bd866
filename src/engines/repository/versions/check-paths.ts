/** Artifact paths of a version: none twice, none below another (`a/b` and `a/b/c`). */
import type { Transaction } from '../../../db/database.ts';
import { type Sql, sql } from '../../../db/sql.ts';
import { isOpen } from '../../../model/repositories/membership.ts';
import type { Counts, VersionRow } from '../../../model/repositories/repository-version.ts';
import type { RepositoryType } from '../../../plugin-api/contracts/repository.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';
import type { ContentType } from '../../../plugin-api/declare/content.ts';

/** Up to this many added units are compared one by one with what is there; for more, all paths are looked at together. */
const FEW = 200;
const MOST_NAMED = 10;

interface Overlap {
  readonly path: string;
  readonly other: string;
}

/** Throws for an incomplete version with paths that cannot be in one tree, or warns. `added`: counts by type of what it adds. */
export async function checkPaths(
  context: TaskContext,
  tx: Transaction,
  type: RepositoryType,
  version: VersionRow,
  added: Counts,
): Promise<void> {
  const withPaths = type.contentTypes.filter((one) => one.artifacts !== 'none' && added[one.pulpType]);
  const count = withPaths.reduce((total, one) => total + added[one.pulpType]!, 0);
  if (count === 0) return;
  const few =
    count <= FEW && type.contentTypes.every((one) => one.artifacts === 'none' || one.pathColumn !== undefined);
  const duplicates = isUniqueAlready(type) ? [] : await duplicatePaths(tx, version, few);
  const overlaps = few ? await overlapsOfAdded(tx, type, version) : await allOverlaps(tx, version);
  if (duplicates.length + overlaps.length === 0) return;
  const lines = [
    ...duplicates.map((path) => `Path is duplicated: ${path}`),
    ...overlaps.map(({ path, other }) => `The path for file '${path}' overlaps: ${other}`),
  ];
  const named = lines.slice(0, MOST_NAMED);
  if (type.checkPaths === 'warn') warn(context, version, named);
  else throw new Error(`Repository version errors : Path errors found. \n${named.join('\n')}`);
}

function warn({ logger, progress }: TaskContext, { repositoryId, number }: VersionRow, lines: readonly string[]): void {
  logger.warn({ repository: repositoryId, version: number, paths: lines }, 'paths of a repository version overlap');
  const report = progress({
    message: 'Path errors found in the repository version',
    code: 'version.path_errors',
    total: lines.length,
    suffix: lines.join('; '),
  });
  report.add(lines.length);
  report.finish();
}

/** The repo key is the path, so that duplicates were found or replaced before. */
function isUniqueAlready({ contentTypes }: RepositoryType): boolean {
  const [only, ...others] = contentTypes.filter((one) => one.artifacts !== 'none');
  return others.length === 0 && only?.repoKey.length === 1 && only.repoKey[0] === only.pathColumn;
}

const addedPaths = ({ repositoryId, number }: VersionRow): Sql => sql`
  select ca.content_id, ca.relative_path, ca.path_hash from repository_content rc
    join content_artifact ca on ca.content_id = rc.content_id
    where rc.repository_id = ${repositoryId} and rc.version_added = ${number} and rc.version_removed is null`;

const presentPaths = ({ repositoryId }: VersionRow): Sql => sql`
  select ca.relative_path from repository_content rc join content_artifact ca on ca.content_id = rc.content_id
    where ${isOpen(repositoryId)}`;

async function duplicatePaths(tx: Transaction, version: VersionRow, few: boolean): Promise<string[]> {
  const query = few
    ? sql`with added as materialized (${addedPaths(version)})
        select distinct added.relative_path as path from added
          join content_artifact ca on ca.path_hash = added.path_hash and ca.relative_path = added.relative_path
            and ca.content_id <> added.content_id
          join repository_content rc on rc.content_id = ca.content_id where ${isOpen(version.repositoryId)}
          limit ${MOST_NAMED}`
    : sql`select relative_path as path from (${presentPaths(version)}) as present
        group by relative_path having count(*) > 1 limit ${MOST_NAMED}`;
  return (await tx.rows<{ path: string }>(query)).map((row) => row.path);
}

/** Files that stand where an added path has a directory, and the reverse. */
async function overlapsOfAdded(tx: Transaction, type: RepositoryType, version: VersionRow): Promise<Overlap[]> {
  const open = isOpen(version.repositoryId);
  const below = type.contentTypes.filter((one) => one.artifacts !== 'none').map((one) => pathsBelow(one, open));
  return await tx.rows<Overlap>(sql`
    with recursive added as materialized (${addedPaths(version)}),
    parent (path, directory) as (
      select relative_path, ${directoryOf(sql.raw('relative_path'))} from added where position('/' in relative_path) > 0
      union all
      select path, ${directoryOf(sql.raw('directory'))} from parent where position('/' in directory) > 0)
    (select parent.path, ca.relative_path as other from parent
      join content_artifact ca on ca.path_hash = hashtextextended(parent.directory, 0) and ca.relative_path = parent.directory
      join repository_content rc on rc.content_id = ca.content_id where ${open})
    ${sql.join(
      below.map((one) => sql`union (${one})`),
      ' ',
    )}
    limit ${MOST_NAMED}`);
}

/** Paths below an added one, by the bytewise index of the type: from `path/` to before `path0`, 0 being the next after the slash. */
function pathsBelow(type: ContentType, open: Sql): Sql {
  const column = sql`${sql.ident('d', type.pathColumn!)} collate "C"`;
  return sql`select ${sql.ident('d', type.pathColumn!)} as path, added.relative_path as other
    from added join ${sql.ident(type.table)} d on ${column} >= added.relative_path || '/' and ${column} < added.relative_path || '0'
    join repository_content rc on rc.content_id = d.content_id where ${open}`;
}

/** All directories of the version that are files too. There are far fewer directories than paths. */
async function allOverlaps(tx: Transaction, version: VersionRow): Promise<Overlap[]> {
  return await tx.rows<Overlap>(sql`
    with recursive directory (path) as (
      select distinct ${directoryOf(sql.raw('relative_path'))} from (${presentPaths(version)}) as present
        where position('/' in relative_path) > 0
      union
      select ${directoryOf(sql.raw('path'))} from directory where position('/' in path) > 0)
    select present.relative_path as path, directory.path as other from directory
      join content_artifact ca on ca.path_hash = hashtextextended(directory.path, 0) and ca.relative_path = directory.path
      join repository_content rc on rc.content_id = ca.content_id and ${isOpen(version.repositoryId)}
      cross join lateral (select relative_path from (${presentPaths(version)}) as p
        where starts_with(relative_path, directory.path || '/') limit 1) as present
      limit ${MOST_NAMED}`);
}

function directoryOf(path: Sql): Sql {
  return sql`regexp_replace(${path}, '/[^/]*$', '')`;
}
