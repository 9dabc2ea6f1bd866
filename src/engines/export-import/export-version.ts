/** Writes the records of one repository version into an archive: its units by type, the repository, and which unit has which bytes. */
import type { Queryable } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { ContentTable } from '../../model/content/natural-key.ts';
import type { VersionRow } from '../../model/repositories/repository-version.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';
import type { Repository } from '../../plugin-api/contracts/version.ts';
import { type ExportResource, toRecord } from '../../plugin-api/declare/export-resource.ts';
import type { Row } from '../../plugin-api/declare/field.ts';
import { CONTENT_ARTIFACTS, repositoryFields, versionFolder } from './core-records.ts';
import type { TarWriter } from './tar-writer.ts';
import { contentIds } from './version-content.ts';

export interface ExportedVersion {
  readonly repository: Repository;
  readonly version: VersionRow;
}

export async function exportVersion(
  context: TaskContext,
  tar: TarWriter,
  { repository, version }: ExportedVersion,
  resources: readonly ExportResource[],
): Promise<void> {
  const folder = versionFolder(repository.name, version.number);
  const present = version.counts.present;
  const report = context.progress({
    message: `Exporting content for ${String(repository.row.pulp_type).split('.')[0]} repository-version ${repository.name}/${version.number}`,
    code: 'export.repo.version.content',
    total: Object.values(present).reduce((sum, count) => sum + count, 0),
  });
  for (const resource of resources) {
    const name = `${folder}/${resource.name}.json`;
    if (resource.repository?.pulpType === repository.pulpType) {
      await tar.addRecords(name, repositoryRecords(context, resource, repository));
    } else if (resource.content && present[resource.content.pulpType]) {
      await tar.addRecords(
        name,
        contentRecords(context, resource, version, (count) => report.add(count)),
      );
    }
  }
  await tar.addRecords(`${folder}/${CONTENT_ARTIFACTS}.json`, contentArtifactRecords(context.db, version));
  report.finish();
}

async function* repositoryRecords(context: TaskContext, resource: ExportResource, { row, details }: Repository) {
  const shared = { ...toRecord(repositoryFields, row), pulp_domain: context.domain.pulpId };
  yield [{ ...shared, ...toRecord(resource.fields, details) }];
}

async function* contentRecords(
  { db, signal, domain }: TaskContext,
  { content, fields }: ExportResource,
  version: VersionRow,
  done: (count: number) => void,
): AsyncGenerator<object[]> {
  for await (const ids of contentIds(db, version)) {
    signal.throwIfAborted();
    const rows = await db.rows<Row>(sql`
      select c.pulp_id, d.*${namedIds(content!)} from content c join ${sql.ident(content!.table)} d on d.content_id = c.id
        where c.id = any(${ids}::bigint[]) and c.pulp_type = ${content!.pulpType} order by c.id`);
    done(rows.length);
    yield rows.map((row) => ({
      pulp_type: content!.pulpType,
      upstream_id: String(row.pulp_id),
      pulp_domain: domain.pulpId,
      ...toRecord(fields, row),
      _pulp_domain: domain.pulpId,
    }));
  }
}

/** Columns that name units in place of those of `d`: the ids on the wire, by which records name them. */
function namedIds(type: ContentTable): Sql {
  const columns = type.columns.flatMap(({ name, type: kind, names }) => {
    if (names !== 'id') return [];
    const column = sql.ident('d', name);
    const ids = kind.endsWith('[]')
      ? sql`array(select n.pulp_id from unnest(${column}) with ordinality as u (id, place) join content n on n.id = u.id order by u.place)`
      : sql`(select n.pulp_id from content n where n.id = ${column})`;
    return [sql`, ${ids} as ${sql.ident(name)}`];
  });
  return sql.join(columns, '');
}

/** Artifacts by sha256, units by their ids here. */
async function* contentArtifactRecords(db: Queryable, version: VersionRow): AsyncGenerator<object[]> {
  for await (const ids of contentIds(db, version)) {
    yield await db.rows<Row>(sql`
      select encode(a.sha256, 'hex') as artifact, c.pulp_id as content, ca.relative_path
        from content_artifact ca join artifact a on a.id = ca.artifact_id join content c on c.id = ca.content_id
        where ca.content_id = any(${ids}::bigint[]) order by ca.content_id, ca.id`);
  }
}
