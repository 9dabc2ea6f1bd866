/** Conditions and queries over the packages of a repository version. */
import {
  inVersion,
  type Queryable,
  type Row,
  type ScannedPackage,
  type Sql,
  sql,
  type Version,
} from '../../plugin-api/index.ts';
import type { IndexProject } from './formats/index/index-file.ts';
import { releaseKey } from './formats/version.ts';

/** A package with when it came into the repository. */
export interface PackageOfVersion extends Row {
  readonly content_id: number;
  readonly name: string;
  readonly name_normalized: string;
  readonly version: string;
  readonly filename: string;
  readonly packagetype: string;
  readonly sha256: string;
  /** Null while nobody knows it. */
  readonly size: number | null;
  readonly metadata_sha256: string | null;
  readonly requires_python: string;
  readonly python_version: string;
  readonly added: Date | string;
  readonly has_provenance: boolean;
}

/** Where upstream has told no size, that of the bytes once they are here. */
const INDEX_COLUMNS =
  sql.raw(`p.content_id, p.name, p.name_normalized, p.version, p.filename, p.packagetype, p.sha256, p.metadata_sha256,
  coalesce(nullif(p.size, 0), (select a.size from content_artifact ca join artifact a on a.id = ca.artifact_id
    where ca.content_id = p.content_id and ca.relative_path = p.filename)) as size,
  p.requires_python, p.python_version`);

/** Deleted versions leave their changes to their neighbours, so the one that has added a unit is there. */
const ADDED = sql.raw(`coalesce((select v.pulp_created from repository_version v
  where v.repository_id = rc.repository_id and v.number = rc.version_added),
  (select c.pulp_created from content c where c.id = p.content_id)) as added`);

/** The packages of some projects in the order in which they came to this server; whether they have provenance only where it is asked. */
export async function packagesOfProjects(
  db: Queryable,
  version: Version,
  names: readonly string[],
  withProvenance = true,
): Promise<PackageOfVersion[]> {
  return await db.rows<PackageOfVersion>(sql`select ${INDEX_COLUMNS}, ${ADDED},
      ${withProvenance ? provenanceIn(version) : sql.raw('false')} as has_provenance
    from python_package p join repository_content rc on rc.content_id = p.content_id
    where p.name_normalized = any(${names}::text[]) and ${inVersion(version)} order by p.content_id`);
}

/** The packages of one project. */
export async function packagesOfProject(
  db: Queryable,
  version: Version,
  normalized: string,
): Promise<PackageOfVersion[]> {
  return await packagesOfProjects(db, version, [normalized]);
}

const provenanceIn = (version: Version): Sql => sql`exists (select from python_provenance o
  join repository_content oc on oc.content_id = o.content_id
  where o.package_sha256 = p.sha256 and ${inVersion(version, 'oc')})`;

/** By project, the reasons by `releaseKey` of the releases that were taken back. */
export async function yanksOfProjects(
  db: Queryable,
  version: Version,
  names: readonly string[],
): Promise<Map<string, Map<string, string>>> {
  const rows = await db.rows<{
    name: string;
    version: string;
    reason: string;
  }>(sql`select y.name_normalized as name, y.version,
      y.yanked_reason as reason
    from python_yank y join repository_content rc on rc.content_id = y.content_id
    where y.name_normalized = any(${names}::text[]) and ${inVersion(version)}`);
  const found = new Map<string, Map<string, string>>();
  for (const row of rows) {
    const reasons = found.get(row.name) ?? new Map<string, string>();
    found.set(row.name, reasons.set(releaseKey(row.version), row.reason));
  }
  return found;
}

/** Reasons by `releaseKey` of the releases of a project that were taken back. */
export async function yanksOfProject(
  db: Queryable,
  version: Version,
  normalized: string,
): Promise<ReadonlyMap<string, string>> {
  return (await yanksOfProjects(db, version, [normalized])).get(normalized) ?? new Map();
}

/** All projects, or those of some names, in the order of their names; of several spellings the first. */
export async function projectsOfVersion(
  db: Queryable,
  version: Version,
  names?: readonly string[],
): Promise<IndexProject[]> {
  return await db.rows<IndexProject>(sql`select p.name_normalized as normalized, min(p.name) as name
    from python_package p join repository_content rc on rc.content_id = p.content_id
    where ${names ? sql`p.name_normalized = any(${names}::text[])` : sql.raw('true')} and ${inVersion(version)}
    group by p.name_normalized order by p.name_normalized`);
}

/** Names of at most so many projects that differ between two versions; undefined when the first is gone. */
export async function projectsChanged(
  db: Queryable,
  from: Version,
  to: Version,
  limit: number,
): Promise<string[] | undefined> {
  const since = (column: string) =>
    sql`rc.${sql.raw(column)} > ${from.number} and rc.${sql.raw(column)} <= ${to.number}`;
  const units = sql`select rc.content_id from repository_content rc
    where rc.repository_id = ${to.repositoryId} and ${since('version_added')}
    union select rc.content_id from repository_content rc where rc.repository_id = ${to.repositoryId} and ${since('version_removed')}`;
  const row = await db.row<{ names: string[] }>(sql`with units as materialized (${units})
    select coalesce((select array_agg(name) from (
      select p.name_normalized as name from units u join python_package p on p.content_id = u.content_id
      union select y.name_normalized from units u join python_yank y on y.content_id = u.content_id
      union select p.name_normalized from units u join python_provenance o on o.content_id = u.content_id
        join python_package p on p.sha256 = o.package_sha256
      limit ${limit}) changed), '{}') as names
    from repository_version v where v.id = ${from.id}`);
  return row?.names;
}

/** SHA-256 of the files of some names that the version has, by name. */
export async function filesNamed(
  db: Queryable,
  version: Version,
  filenames: readonly string[],
): Promise<Map<string, string>> {
  const rows = await db.rows<{ filename: string; sha256: string }>(sql`select p.filename, p.sha256
    from python_package p join repository_content rc on rc.content_id = p.content_id
    where p.filename = any(${filenames}::text[]) and ${inVersion(version)}`);
  return new Map(rows.map(({ filename, sha256 }) => [filename, sha256]));
}

const SCAN_BATCH = 1000;

/** The packages of a version as services that know of weaknesses are asked about them. */
export async function* scannedPackages(db: Queryable, version: Version): AsyncGenerator<ScannedPackage> {
  for (let last = 0; ; ) {
    const rows =
      await db.rows<ScannedPackage>(sql`select p.content_id as "contentId", p.name_normalized as name, p.version
      from python_package p join repository_content rc on rc.content_id = p.content_id
      where ${inVersion(version)} and p.content_id > ${last} order by p.content_id limit ${SCAN_BATCH}`);
    yield* rows;
    if (rows.length < SCAN_BATCH) return;
    last = rows.at(-1)!.contentId;
  }
}
