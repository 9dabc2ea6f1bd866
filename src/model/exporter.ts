/** Exporters, importers and their records as tasks need them. */
import type { Queryable, Transaction } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { type RepositoryRow, repositoryOf } from './repositories/repository.ts';

export interface ExporterRow {
  readonly pulpId: string;
  readonly name: string;
  readonly path: string;
  readonly method: 'write' | 'hardlink' | 'symlink';
  readonly lastExport: string | null;
}

export async function findExporter(db: Queryable, domainId: number, pulpId: string): Promise<ExporterRow | undefined> {
  return await db.row<ExporterRow>(sql`
    select pulp_id as "pulpId", name, path, method, last_export_id as "lastExport" from exporter
      where pulp_id = ${pulpId} and domain_id = ${domainId}`);
}

/** In the order they were given. */
export async function repositoriesOf(db: Queryable, exporterId: string): Promise<RepositoryRow[]> {
  const rows = await db.rows<Record<string, unknown>>(sql`
    select r.* from exporter_repository e join repository r on r.pulp_id = e.repository_id
      where e.exporter_id = ${exporterId} order by e.position`);
  return rows.map(repositoryOf);
}

/** Ids of the versions that an export had, those that are still there. */
export async function exportedVersions(db: Queryable, exportId: string): Promise<string[]> {
  const row = await db.row<{ exported: string[] }>(sql`select exported from export where pulp_id = ${exportId}`);
  return (row?.exported ?? [])
    .filter((one) => one.startsWith('prn:core.repositoryversion:'))
    .map((one) => one.split(':')[2]!);
}

interface NewExport {
  readonly pulpId: string;
  readonly domainId: number;
  readonly exporterId: string;
  readonly taskId: string;
  readonly params: object;
  /** PRNs. */
  readonly exported: readonly string[];
  readonly files?: object;
  readonly toc?: object;
}

/** Records an export and makes it the last one of its exporter. */
export async function insertExport(tx: Transaction, made: NewExport): Promise<void> {
  await tx.run(sql`
    insert into export (pulp_id, domain_id, exporter_id, task_id, params, exported, output_file_info, toc_info)
      values (${made.pulpId}, ${made.domainId}, ${made.exporterId}, ${made.taskId}, ${sql.json(made.params)},
        ${made.exported}::text[], ${sql.json(made.files ?? {})}, ${sql.json(made.toc ?? {})})`);
  await tx.run(sql`
    update exporter set last_export_id = ${made.pulpId}, pulp_last_updated = now() where pulp_id = ${made.exporterId}`);
}

/** The repositories of an exporter, by their ids on the wire, in their order; one that is named twice counts where it stands first. */
export async function setExported(tx: Transaction, exporterId: string, repositories: readonly string[]): Promise<void> {
  await tx.run(sql`delete from exporter_repository where exporter_id = ${exporterId}`);
  await tx.run(sql`insert into exporter_repository (exporter_id, repository_id, position)
    select ${exporterId}::uuid, r, at from unnest(${[...new Set(repositories)]}::uuid[]) with ordinality as given (r, at)`);
}

/** Ids of local repositories by the names that they have in archives, for an importer. */
export async function setMapping(
  tx: Transaction,
  importerId: string,
  mapping: Readonly<Record<string, string>>,
): Promise<void> {
  await tx.run(sql`delete from importer_repository where importer_id = ${importerId}`);
  await tx.run(sql`insert into importer_repository (importer_id, source, repository_id)
    select ${importerId}::uuid, s, r from unnest(${Object.keys(mapping)}::text[], ${Object.values(mapping)}::uuid[]) as given (s, r)`);
}

/** Ids of local repositories by the names they have in archives. */
export async function repositoryMapping(db: Queryable, importerId: string): Promise<Map<string, string>> {
  const rows = await db.rows<{ source: string; repository_id: string }>(
    sql`select source, repository_id from importer_repository where importer_id = ${importerId}`,
  );
  return new Map(rows.map((row) => [row.source, row.repository_id]));
}

export async function insertImport(
  tx: Transaction,
  made: { pulpId: string; domainId: number; importerId: string; taskId: string; params: object },
): Promise<void> {
  await tx.run(sql`
    insert into import (pulp_id, domain_id, importer_id, task_id, params)
      values (${made.pulpId}, ${made.domainId}, ${made.importerId}, ${made.taskId}, ${sql.json(made.params)})`);
}
