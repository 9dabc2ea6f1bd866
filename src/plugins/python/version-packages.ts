/** Conditions and queries over the packages of a repository version. */
import { type Queryable, type Row, type ScannedPackage, type Sql, sql, type Version } from '../../plugin-api/index.ts';
import type { IndexProject } from './formats/index-file.ts';

/** Condition on `rc`, a row of repository_content. */
export function inVersion({ repositoryId, number }: Version): Sql {
  return sql`rc.repository_id = ${repositoryId} and rc.version_added <= ${number}
    and (rc.version_removed is null or rc.version_removed > ${number})`;
}

/** A package with when it came into the repository. */
export interface PackageOfVersion extends Row {
  readonly content_id: number;
  readonly name: string;
  readonly name_normalized: string;
  readonly version: string;
  readonly filename: string;
  readonly packagetype: string;
  readonly sha256: string;
  readonly size: number;
  readonly metadata_sha256: string | null;
  readonly requires_python: string;
  readonly python_version: string;
  readonly added: Date | string;
  readonly has_provenance: boolean;
}

const INDEX_COLUMNS =
  sql.raw(`p.content_id, p.name, p.name_normalized, p.version, p.filename, p.packagetype, p.sha256, p.size,
  p.metadata_sha256, p.requires_python, p.python_version`);

const ADDED = sql.raw(`coalesce((select v.pulp_created from repository_version v
  where v.repository_id = rc.repository_id and v.number = rc.version_added), c.pulp_created) as added`);

/** The packages of a project, newest content first; whether they have provenance only where it is asked. */
export async function packagesOfProject(
  db: Queryable,
  version: Version,
  normalized: string,
  withProvenance = true,
): Promise<PackageOfVersion[]> {
  return await db.rows<PackageOfVersion>(sql`select ${INDEX_COLUMNS}, ${ADDED},
      ${withProvenance ? provenanceIn(version) : sql.raw('false')} as has_provenance
    from python_package p join repository_content rc on rc.content_id = p.content_id join content c on c.id = p.content_id
    where p.name_normalized = ${normalized} and ${inVersion(version)} order by p.content_id desc`);
}

const provenanceIn = ({ repositoryId, number }: Version): Sql => sql`exists (select from python_provenance o
  join repository_content oc on oc.content_id = o.content_id
  where o.package_sha256 = p.sha256 and oc.repository_id = ${repositoryId} and oc.version_added <= ${number}
    and (oc.version_removed is null or oc.version_removed > ${number}))`;

/** Reasons by version of the releases of a project that were taken back. */
export async function yanksOfProject(
  db: Queryable,
  version: Version,
  normalized: string,
): Promise<Map<string, string>> {
  const rows = await db.rows<{ version: string; reason: string }>(sql`select y.version, y.yanked_reason as reason
    from python_yank y join repository_content rc on rc.content_id = y.content_id
    where y.name_normalized = ${normalized} and ${inVersion(version)}`);
  return new Map(rows.map((row) => [row.version, row.reason]));
}

/** All projects in the order of their names; of several spellings the first. */
export async function projectsOfVersion(db: Queryable, version: Version): Promise<IndexProject[]> {
  return await db.rows<IndexProject>(sql`select p.name_normalized as normalized, min(p.name) as name
    from python_package p join repository_content rc on rc.content_id = p.content_id
    where ${inVersion(version)} group by p.name_normalized order by p.name_normalized`);
}

/** Whether the version has a file of this name. */
export async function hasFile(db: Queryable, version: Version, filename: string): Promise<boolean> {
  const row =
    await db.row(sql`select 1 as found from python_package p join repository_content rc on rc.content_id = p.content_id
    where p.filename = ${filename} and ${inVersion(version)} limit 1`);
  return row !== undefined;
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
