/** The REST resource of blocklist entries: what may not be added to a repository. They are made and removed, never changed. */

import { HttpError, ValidationError } from '../../../lib/errors.ts';
import { isUuid } from '../../../lib/text/uuid.ts';
import { uuid7 } from '../../../lib/text/uuid7.ts';
import {
  booleanFilter,
  datetime,
  exactFilter,
  type Model,
  prn,
  type RequestContext,
  type Resource,
  sql,
  string,
  type Values,
} from '../../../plugin-api/index.ts';
import { normalizeName } from '../formats/project-name.ts';
import { parseVersion } from '../formats/version.ts';
import { blocklistAccess } from './access.ts';
import { entriesHref } from './blocklist-href.ts';
import { pythonRepository } from './repository.ts';

const model: Model = {
  app: 'python',
  name: 'PythonBlocklistEntry',
  path: `${pythonRepository.model.path}/*/blocklist_entries`,
  table: 'python_blocklist_entry',
  inDomain: false,
};

async function repositoryOf(request: RequestContext, params: Readonly<Record<string, string>>): Promise<string> {
  const id = params.parent ?? '';
  const found = isUuid(id)
    ? await request.db.row<{ pulp_id: string }>(sql`select pulp_id from repository
        where pulp_id = ${id} and pulp_type = ${pythonRepository.pulpType} and domain_id = ${request.domain.id}`)
    : undefined;
  if (!found) throw new HttpError(404, 'No PythonRepository matches the given query.');
  return found.pulp_id;
}

/** One of name and filename; a version only with a name. */
function checkEntry(values: Values): Values {
  const { name, version, filename } = values;
  if (version && filename) throw ValidationError.cross("'version' cannot be used with 'filename'.");
  if (version && !name) throw ValidationError.cross("'version' requires 'name' to be provided.");
  if (Boolean(name) === Boolean(filename))
    throw ValidationError.cross("Exactly one of 'name' or 'filename' must be provided.");
  return { ...values, ...(typeof name === 'string' && { name: normalizeName(name) }) };
}

async function createEntry(values: Values, request: RequestContext, params: Readonly<Record<string, string>>) {
  const repositoryId = await repositoryOf(request, params);
  const { name = null, version = null, filename = null } = values;
  const id = uuid7();
  const addedBy = request.user ? `prn:auth.user:${request.user.id}` : '';
  const made =
    await request.db.run(sql`insert into python_blocklist_entry (pulp_id, repository_id, name, version, filename, added_by)
    values (${id}, ${repositoryId}, ${name}, ${version}, ${filename}, ${addedBy}) on conflict do nothing`);
  if (made === 0) {
    throw ValidationError.cross(
      `A blocklist entry with this ${filename ? 'filename' : 'name and version'} already exists.`,
    );
  }
  const body = await request.services.present(request.domain, 'python.pythonblocklistentry', id);
  return { status: 201, body, headers: { Location: String(body?.pulp_href) } };
}

export const blocklistEntries: Resource = {
  model,
  tag: 'Repositories: Python Blocklist_Entries',
  operation: 'repositories_python_python_blocklist_entries',
  hrefName: 'python_python_python_blocklist_entry_href',
  parentHref: 'python_python_repository_href',
  component: 'python.PythonBlocklistEntry',
  noun: 'python blocklist entry',
  plural: 'python blocklist entries',
  description: 'What may not be added to a repository: a project, one of its versions, or a file.',
  table: {
    name: 'python_blocklist_entry',
    from: sql.raw('python_blocklist_entry t'),
    key: 'pulp_id',
    newest: sql.raw('t.pulp_id'),
    inDomain: false,
    parent: async (request, params) => sql`t.repository_id = ${await repositoryOf(request, params)}`,
    columns: [sql.raw('t.repository_id')],
  },
  fields: {
    pulp_href: string({
      readOnly: true,
      column: false,
      read: (row, presenter) => `${entriesHref(row.repository_id, presenter)}${row.pulp_id}/`,
    }),
    prn: string({
      help: 'The Pulp Resource Name (PRN).',
      readOnly: true,
      column: false,
      read: (row) => prn('python.pythonblocklistentry', String(row.pulp_id)),
    }),
    pulp_created: datetime({ help: 'When it was made.', readOnly: true }),
    pulp_last_updated: datetime({ help: 'When it was last changed.', readOnly: true }),
    repository: string({
      help: 'The repository it is for.',
      format: 'uri',
      readOnly: true,
      column: false,
      read: (row, { apiPrefix }) => `${apiPrefix}${pythonRepository.model.path}/${row.repository_id}/`,
    }),
    name: string({ help: 'The project, in any spelling.', nullable: true }),
    version: string({
      help: 'One version of the project; all when it is not given.',
      nullable: true,
      check: (value) =>
        typeof value === 'string' && !parseVersion(value) ? `'${value}' is not a valid version.` : undefined,
    }),
    filename: string({ help: 'The exact name of a file.', nullable: true }),
    added_by: string({ help: 'PRN of the user who made it.', readOnly: true }),
  },
  filters: {
    name: exactFilter(sql.raw('t.name')),
    filename: exactFilter(sql.raw('t.filename')),
    version: exactFilter(sql.raw('t.version')),
    version__isnull: booleanFilter(sql.raw('(t.version is null)')),
  },
  ordering: ['pulp_id', 'pulp_created', 'pulp_last_updated', 'name', 'version', 'filename', 'added_by', 'pk'],
  operations: { list: true, read: true, create: 'now', delete: 'now' },
  actions: [],
  access: blocklistAccess,
  validate: checkEntry,
  createNow: createEntry,
};
