/** The REST resource of the versions of a type of repositories: read, delete, repair. */

import { type Sql, sql } from '../../db/sql.ts';
import { HttpError, ValidationError } from '../../lib/errors.ts';
import { isProtected } from '../../model/repositories/protected-versions.ts';
import type { Answer, Presenter, RequestContext } from '../../plugin-api/contracts/context.ts';
import { identityFields } from '../../plugin-api/declare/common-fields.ts';
import { boolean, type Field, integer, map, nested, object, type Row, string } from '../../plugin-api/declare/field.ts';
import { dateFilter, type Filters, integerFilter, NUMBER_LOOKUPS } from '../../plugin-api/declare/filter.ts';
import type { Model } from '../../plugin-api/declare/model.ts';
import type { Action, Resource } from '../../plugin-api/declare/resource.ts';
import { accepted } from '../../plugin-api/toolkit/accepted.ts';
import { asksForDryRun, dryRunField } from './dry-run.ts';
import { heldContentFilters } from './held-content-filters.ts';

export const versionModel: Model = {
  app: 'core',
  name: 'RepositoryVersion',
  path: 'repository_versions',
  table: 'repository_version',
};

const versionHref = (row: Row, presenter: Presenter) =>
  `${presenter.hrefOfType('repository', row.repository_type as string, row.repository_pulp_id as string)}versions/${row.number}/`;

/** `{added, removed, present}` by type with counts and the URL of the units. */
function contentSummary(row: Row, presenter: Presenter): object {
  const counts = row.counts as Record<string, Record<string, number>>;
  const href = versionHref(row, presenter);
  const keys = {
    added: 'repository_version_added',
    removed: 'repository_version_removed',
    present: 'repository_version',
  };
  const part = (name: keyof typeof keys) =>
    Object.fromEntries(
      Object.entries(counts[name] ?? {})
        .filter(([, count]) => count > 0)
        .map(([type, count]) => {
          const path = presenter.services.models.byType('content', type)?.path;
          return [type, { count, href: `${presenter.apiPrefix}${path}/?${keys[name]}=${href}` }];
        }),
    );
  return { added: part('added'), removed: part('removed'), present: part('present') };
}

function versionFields(): Record<string, Field> {
  const { prn, pulp_created, pulp_last_updated } = identityFields(versionModel);
  const counts = map(object({ required: true }), { required: true });
  return {
    pulp_href: string({ format: 'uri', readOnly: true, column: false, read: versionHref }),
    prn: prn!,
    pulp_created: pulp_created!,
    pulp_last_updated: pulp_last_updated!,
    number: integer({ readOnly: true }),
    repository: string({
      format: 'uri',
      readOnly: true,
      column: false,
      read: (row, presenter) =>
        presenter.hrefOfType('repository', row.repository_type as string, row.repository_pulp_id as string),
    }),
    base_version: string({
      help: 'The version that was given as the base of this one.',
      format: 'uri',
      required: false,
      column: false,
      read: (row, presenter) => {
        const base = row.base_of as { type: string; id: string; number: number } | null;
        return base && `${presenter.hrefOfType('repository', base.type, base.id)}versions/${base.number}/`;
      },
    }),
    content_summary: nested(
      'ContentSummary',
      { added: counts, removed: counts, present: counts },
      { help: 'Counts of units by type.', readOnly: true, column: false, read: contentSummary },
    ),
    vuln_report: string({
      readOnly: true,
      column: false,
      read: (row, { apiPrefix }) => `${apiPrefix}vuln_report/?repo_versions=prn:core.repositoryversion:${row.pulp_id}`,
    }),
  };
}

const FROM = sql.raw('repository_version t join repository r on r.id = t.repository_id');
const COLUMNS = [
  sql.raw('r.pulp_type as repository_type, r.pulp_id as repository_pulp_id'),
  sql.raw(`(select json_build_object('type', br.pulp_type, 'id', br.pulp_id, 'number', b.number) from repository_version b
    join repository br on br.id = b.repository_id where b.pulp_id = t.base_version_id) as base_of`),
];

const versionFilters: Filters = {
  number: integerFilter(sql.raw('t.number'), NUMBER_LOOKUPS),
  pulp_created: dateFilter(sql.raw('t.pulp_created')),
  ...heldContentFilters('t'),
};

const ORDERING = ['pulp_id', 'pulp_created', 'pulp_last_updated', 'number', 'complete', 'content_ids', 'info', 'pk'];

const common = (where: Sql): Resource['table'] => ({
  name: 'repository_version',
  from: FROM,
  key: 'pulp_id',
  newest: sql.raw('t.pulp_id'),
  where,
  inDomain: false,
  columns: COLUMNS,
  order: { content_ids: sql.raw('t.pulp_id'), info: sql.raw('t.counts') },
});

/** `repository_versions/`: versions of all repositories. */
export function allVersions(): Resource {
  return {
    model: versionModel,
    tag: 'Repository_Versions',
    operation: 'repository_versions',
    hrefName: 'repository_version_href',
    component: 'RepositoryVersion',
    noun: 'repository version',
    description: 'Versions of all repositories.',
    table: {
      ...common(sql.raw('t.complete and not r.user_hidden')),
      parent: async (request) => sql`r.domain_id = ${request.domain.id}`,
    },
    fields: versionFields(),
    filters: versionFilters,
    ordering: ORDERING,
    without: ['pulp_id__in'],
    operations: { list: true },
    actions: [],
  };
}

/** `<repository href>versions/`: read, delete and repair. */
export function versionResource(repository: Resource, actions: readonly Action[] = []): Resource {
  return {
    ...allVersions(),
    model: { ...versionModel, path: `${repository.model.path}/*/versions` },
    tag: `${repository.tag} Versions`,
    operation: `${repository.operation}_versions`,
    hrefName: repository.hrefName.replace(/_href$/, '_version_href'),
    parentHref: repository.hrefName,
    table: {
      ...common(sql.raw('t.complete')),
      key: 'number',
      parent: async (request, params) => await ofRepository(repository, request, params),
    },
    operations: { list: true, read: true, delete: 'task' },
    deleteTask: async (row, request) => await deleteVersion(repository, row, request),
    actions: [repairAction(repository), ...actions],
  };
}

/** A version in use is kept; otherwise a task merges its changes into the next one. */
async function deleteVersion(repository: Resource, row: Row, request: RequestContext): Promise<Answer> {
  if (await isProtected(request.db, Number(row.id))) {
    throw new ValidationError([
      'The repository version cannot be deleted because it (or its publications) are currently being used to distribute content. Please update the necessary distributions first.',
    ]);
  }
  const task = await request.dispatch({
    name: 'pulpcore.app.tasks.repository.delete_version',
    args: { repository_version: String(row.pulp_id), ...(asksForDryRun(request) && { dry_run: true }) },
    exclusive: [
      request.services.models.prnOfType('repository', repository.model.pulpType!, String(row.repository_pulp_id)),
    ],
  });
  return accepted(request, task);
}

async function ofRepository(
  repository: Resource,
  request: RequestContext,
  params: Readonly<Record<string, string>>,
): Promise<Sql> {
  const found = /^[0-9a-f-]{32,36}$/i.test(params.parent ?? '')
    ? await request.db.row<{ id: number }>(
        sql`select id from repository where pulp_id = ${params.parent} and pulp_type = ${repository.model.pulpType}
          and domain_id = ${request.domain.id}`,
      )
    : undefined;
  if (!found) throw new HttpError(404, `No ${repository.model.name} matches the given query.`);
  return sql`t.repository_id = ${found.id}`;
}

export const repairFields = {
  verify_checksums: boolean({ default: true, required: false, help: 'Whether the bytes of each file are checked.' }),
  dry_run: dryRunField,
};

function repairAction(repository: Resource): Action {
  return {
    name: 'repair',
    method: 'post',
    detail: true,
    summary: 'Repair a version',
    description: 'Starts a task that looks for missing or damaged files of the version and fetches them again.',
    input: { component: 'Repair', fields: repairFields },
    output: { 202: { component: 'AsyncOperation' } },
    run: async (request, target, input) => {
      const lock = request.services.models.prnOfType(
        'repository',
        repository.model.pulpType!,
        String(target.row.repository_pulp_id),
      );
      const task = await request.dispatch({
        name: 'pulpcore.app.tasks.repository.repair_version',
        args: {
          repository_version: String(target.row.pulp_id),
          verify_checksums: input.verify_checksums ?? true,
          dry_run: input.dry_run ?? false,
        },
        shared: [lock],
      });
      return accepted(request, task);
    },
  };
}
