/** Importers and imports: archives of other servers brought into local repositories (core.md §8.3). */

import type { Transaction } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { type ImportArgs, PULP_IMPORT } from '../../../engines/export-import/import-task.ts';
import { ValidationError } from '../../../lib/errors.ts';
import { resolveAllowedPath } from '../../../lib/process/allowed-path.ts';
import { setMapping } from '../../../model/exporter.ts';
import { createTaskGroup } from '../../../model/tasks/task-group.ts';
import type { Answer, Presenter, RequestContext } from '../../../plugin-api/contracts/context.ts';
import { identityFields, MASTER_ORDERING, nameFilters } from '../../../plugin-api/declare/common-fields.ts';
import { boolean, map, object, type Row, string, type Values } from '../../../plugin-api/declare/field.ts';
import type { Action, ActionTarget, Resource } from '../../../plugin-api/declare/resource.ts';
import { acceptedGroup } from '../../../plugin-api/toolkit/accepted.ts';
import { pulpImporterModel, pulpImportModel } from '../models.ts';
import { nestedIdentity, nestedTable, requireParent, taskField, WITHOUT_FILTERS } from '../nested-records.ts';

async function mappingOf(rows: readonly Row[], { services }: Presenter): Promise<Record<string, string>[]> {
  const found = await services.db.rows<{ importer_id: string; source: string; name: string }>(sql`
    select i.importer_id, i.source, r.name from importer_repository i join repository r on r.pulp_id = i.repository_id
      where i.importer_id = any(${rows.map((row) => row.pulp_id)}::uuid[]) order by i.source`);
  return rows.map((row) =>
    Object.fromEntries(
      found.filter((one) => one.importer_id === row.pulp_id).map(({ source, name }) => [source, name]),
    ),
  );
}

/** Names of local repositories become ids. */
async function resolveMapping(values: Values, request: RequestContext): Promise<Values> {
  const mapping = values.repo_mapping as Record<string, string> | undefined;
  if (mapping === undefined) return values;
  const names = [...new Set(Object.values(mapping))];
  const rows = await request.db.rows<{ name: string; pulp_id: string }>(sql`
    select name, pulp_id from repository where name = any(${names}) and domain_id = ${request.domain.id}`);
  const ids = new Map(rows.map((row) => [row.name, row.pulp_id]));
  const missing = names.filter((name) => !ids.has(name));
  if (missing.length > 0) {
    const shown = missing.map((name) => `'${name}'`).join(', ');
    throw new ValidationError([`Failed to find repositories from repo_mapping: names: [${shown}]`]);
  }
  const byId = Object.entries(mapping).map(([source, name]) => [source, ids.get(name)]);
  return { ...values, repo_mapping: Object.fromEntries(byId) };
}

async function saveMapping(tx: Transaction, id: string, values: Values): Promise<void> {
  const mapping = values.repo_mapping as Record<string, string> | undefined;
  if (mapping !== undefined) await setMapping(tx, id, mapping);
}

export const pulpImporterResource: Resource = {
  model: pulpImporterModel,
  tag: 'Importers: Pulp',
  operation: 'importers_core_pulp',
  hrefName: 'pulp_importer_href',
  component: 'PulpImporter',
  noun: 'pulp importer',
  description: 'Brings archives of other servers into local repositories.',
  table: {
    name: 'importer',
    from: sql.raw('importer t'),
    key: 'pulp_id',
    newest: sql.raw('t.pulp_id'),
    where: sql`t.pulp_type = ${pulpImporterModel.pulpType}`,
    inDomain: true,
  },
  fields: {
    ...identityFields(pulpImporterModel),
    name: string({ help: 'A name that no other importer of the domain has.' }),
    repo_mapping: map(string(), {
      help: 'Names of local repositories by names of repositories in archives.',
      required: false,
      column: false,
      load: mappingOf,
    }),
  },
  filters: nameFilters,
  ordering: [...MASTER_ORDERING, 'name'],
  operations: { list: true, read: true, create: 'now', update: 'now', delete: 'now' },
  actions: [],
  unique: [
    { fields: ['name'], constraint: 'importer_name_unique', body: () => ({ name: ['This field must be unique.'] }) },
  ],
  validate: resolveMapping,
  afterSave: saveMapping,
};

async function checkImport(values: Values, request: RequestContext, importer: string): Promise<void> {
  const { path, toc } = values;
  if (path !== undefined && toc !== undefined) {
    throw ValidationError.cross("Only one of 'path' and 'toc' may be specified.");
  }
  if (path === undefined && toc === undefined) throw ValidationError.cross("One of 'path' or 'toc' must be specified.");
  const name = path === undefined ? 'toc' : 'path';
  const given = String(values[name]);
  if (!(await resolveAllowedPath(given, request.services.settings.allowedImportPaths))) {
    throw ValidationError.field(name, `${name} '${given}' is not an allowed import path`);
  }
  if (values.create_repositories !== true) return;
  const mapped = await request.db.row(sql`select 1 from importer_repository where importer_id = ${importer} limit 1`);
  if (mapped) throw ValidationError.cross("The option 'create_repositories' is not compatible with 'repo_mapping'.");
}

async function startImport(request: RequestContext, target: ActionTarget, input: Values): Promise<Answer> {
  const importer = await requireParent(request, pulpImporterModel, target.params);
  await checkImport(input, request, importer);
  const source = String(input.path ?? input.toc);
  const taskGroup = await createTaskGroup(request.db, request.domain.id, `Import of ${source}`);
  const { create_repositories: create, ...rest } = input;
  const args: ImportArgs = {
    importer,
    params: create === true ? input : rest,
    ...(typeof input.path === 'string' ? { path: input.path } : { toc: String(input.toc) }),
    createRepositories: create === true,
    group: taskGroup,
  };
  const exclusive = [request.services.models.prnOfType('importer', 'core.pulp', importer)];
  await request.dispatch({ name: PULP_IMPORT, args, exclusive, taskGroup });
  return acceptedGroup(request, taskGroup);
}

const create: Action = {
  name: 'create',
  method: 'post',
  detail: false,
  path: '',
  summary: 'Create a pulp import',
  description: 'Starts a group of tasks that import an archive.',
  input: {
    component: 'PulpImport',
    fields: {
      path: string({ help: 'The archive.', required: false }),
      toc: string({ help: 'The table of contents of an archive in pieces.', required: false }),
      create_repositories: boolean({ default: false, help: 'Makes repositories that are not here.' }),
    },
  },
  output: { 202: { component: 'TaskGroupOperation' } },
  run: startImport,
};

export const pulpImportResource: Resource = {
  model: pulpImportModel,
  tag: 'Importers: Pulp Imports',
  operation: 'importers_core_pulp_imports',
  hrefName: 'pulp_pulp_import_href',
  parentHref: 'pulp_importer_href',
  component: 'Import',
  noun: 'pulp import',
  description: 'Imports that were started.',
  table: nestedTable(pulpImportModel, pulpImporterModel),
  fields: {
    ...nestedIdentity(pulpImportModel),
    task: taskField({ required: true }),
    params: object({ help: 'What was asked for.', required: true }),
  },
  filters: {},
  ordering: [],
  without: WITHOUT_FILTERS,
  operations: { list: true, read: true, delete: 'now' },
  actions: [create],
};
