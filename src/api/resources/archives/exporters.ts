/** Exporters: where archives of repository versions, or directories of what is served, are written to (core.md §8.1, §8.2). */
import type { Transaction } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { ValidationError } from '../../../lib/errors.ts';
import { resolveAllowedPath } from '../../../lib/process/allowed-path.ts';
import { setExported } from '../../../model/exporter.ts';
import type { Presenter, RequestContext } from '../../../plugin-api/contracts/context.ts';
import { identityFields, MASTER_ORDERING, nameFilters } from '../../../plugin-api/declare/common-fields.ts';
import {
  choice,
  type Field,
  list,
  type Row,
  reference,
  string,
  type Values,
} from '../../../plugin-api/declare/field.ts';
import type { Model } from '../../../plugin-api/declare/model.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { filesystemExporterModel, pulpExporterModel } from '../models.ts';

async function checkPath(values: Values, request: RequestContext): Promise<Values> {
  const { path } = values;
  if (typeof path !== 'string') return values;
  if (await resolveAllowedPath(path, request.services.settings.allowedExportPaths)) return values;
  throw ValidationError.field('path', `Path '${path}' is not an allowed export path`);
}

function exporterTable(model: Model): Resource['table'] {
  return {
    name: 'exporter',
    from: sql.raw('exporter t'),
    key: 'pulp_id',
    newest: sql.raw('t.pulp_id'),
    where: sql`t.pulp_type = ${model.pulpType}`,
    inDomain: true,
  };
}

const unique: Resource['unique'] = [
  { fields: ['name'], constraint: 'exporter_name_unique', body: () => ({ name: ['This field must be unique.'] }) },
];
const shared = {
  filters: nameFilters,
  operations: { list: true, read: true, create: 'now', update: 'immediate', delete: 'task' },
  actions: [],
  unique,
  validate: checkPath,
} as const;

const ownFields: Record<string, Field> = {
  name: string({ help: 'A name that no other exporter of the domain has.' }),
  path: string({ help: 'Directory that is written to; below one of ALLOWED_EXPORT_PATHS.' }),
};

async function repositoriesOf(rows: readonly Row[], presenter: Presenter): Promise<(string | null)[][]> {
  const found = await presenter.services.db.rows<{ exporter_id: string; type: string; id: string }>(sql`
    select e.exporter_id, r.pulp_type as type, r.pulp_id as id from exporter_repository e
      join repository r on r.pulp_id = e.repository_id
      where e.exporter_id = any(${rows.map((row) => row.pulp_id)}::uuid[]) order by e.position`);
  return rows.map((row) =>
    found
      .filter((one) => one.exporter_id === row.pulp_id)
      .map((one) => presenter.hrefOfType('repository', one.type, one.id)),
  );
}

async function saveRepositories(tx: Transaction, id: string, values: Values): Promise<void> {
  const ids = values.repositories as string[] | undefined;
  if (ids !== undefined) await setExported(tx, id, ids);
}

export const pulpExporterResource: Resource = {
  ...shared,
  model: pulpExporterModel,
  tag: 'Exporters: Pulp',
  operation: 'exporters_core_pulp',
  hrefName: 'pulp_exporter_href',
  component: 'PulpExporter',
  noun: 'pulp exporter',
  description: 'Writes versions of repositories into archives for other servers.',
  table: exporterTable(pulpExporterModel),
  fields: {
    ...identityFields(pulpExporterModel),
    ...ownFields,
    repositories: list(reference('repository'), {
      help: 'Repositories that are exported.',
      column: false,
      load: repositoriesOf,
    }),
    last_export: reference('core.pulpexport', {
      help: 'The last export; the next one can continue it.',
      nullable: true,
      column: 'last_export_id',
      read: (row, { apiPrefix }) =>
        row.last_export_id ? `${apiPrefix}exporters/core/pulp/${row.pulp_id}/exports/${row.last_export_id}/` : null,
    }),
  },
  ordering: [...MASTER_ORDERING, 'name', 'path'],
  afterSave: saveRepositories,
};

export const filesystemExporterResource: Resource = {
  ...shared,
  model: filesystemExporterModel,
  tag: 'Exporters: Filesystem',
  operation: 'exporters_core_filesystem',
  hrefName: 'filesystem_exporter_href',
  component: 'FilesystemExporter',
  noun: 'filesystem exporter',
  description: 'Lays out what publications and versions serve in a directory.',
  table: exporterTable(filesystemExporterModel),
  fields: {
    ...identityFields(filesystemExporterModel),
    ...ownFields,
    method: choice('MethodEnum', ['write', 'hardlink', 'symlink'], {
      help: 'How files get there.',
      default: 'write',
    }),
  },
  ordering: [...MASTER_ORDERING, 'name', 'path', 'method'],
};
