/** The REST resource of a type of alternate content sources: other places to fetch the same bytes from (core.md §3.7). */

import type { Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { ValidationError } from '../../lib/errors.ts';
import { dropSource, noteRefreshed, setSourcePaths } from '../../model/content/alternate-source.ts';
import { allTasksDispatched, createTaskGroup } from '../../model/tasks/task-group.ts';
import type { Answer, RequestContext, Services } from '../../plugin-api/contracts/context.ts';
import type { DeclaredAlternateSource } from '../../plugin-api/declare/alternate-source-type.ts';
import { identityFields, MASTER_ORDERING, nameFilters } from '../../plugin-api/declare/common-fields.ts';
import { datetime, list, type Row, reference, string, type Values } from '../../plugin-api/declare/field.ts';
import { labelOf } from '../../plugin-api/declare/model.ts';
import { namesOf } from '../../plugin-api/declare/names.ts';
import type { Reference } from '../../plugin-api/declare/reference.ts';
import type { ActionTarget, Resource } from '../../plugin-api/declare/resource.ts';
import { accepted, acceptedGroup } from '../../plugin-api/toolkit/accepted.ts';
import { asksForDryRun } from './dry-run.ts';

/** The resource of a declared type of alternate content sources. */
export function alternateSourceResource(type: DeclaredAlternateSource): Resource {
  const { model } = type;
  return {
    model,
    ...namesOf(model),
    noun: `${type.type} alternate content source`,
    description: type.description,
    table: {
      name: 'alternate_content_source',
      from: sql.raw('alternate_content_source t'),
      key: 'pulp_id',
      newest: sql.raw('t.pulp_id'),
      where: sql`t.pulp_type = ${model.pulpType}`,
      inDomain: true,
    },
    fields: {
      ...identityFields(model),
      name: string({ help: 'A name that no other source of the domain has.' }),
      last_refreshed: datetime({ help: 'When it was last refreshed.', nullable: true }),
      paths: list(string(), {
        help: 'Paths below the URL of the remote; none, like an empty one, stands for the URL itself.',
        required: false,
        column: false,
        load: async (rows, presenter) => await pathsOf(rows, presenter.services.db),
      }),
      remote: reference(labelOf(type.remote.model), {
        help: 'The remote that has the bytes; its policy must be on_demand.',
        column: 'remote_id',
      }),
    },
    filters: nameFilters,
    ordering: [...MASTER_ORDERING, 'name', 'last_refreshed'],
    operations: { list: true, read: true, create: 'now', update: 'immediate', delete: 'task' },
    unique: [
      {
        fields: ['name'],
        constraint: 'alternate_content_source_name_unique',
        body: () => ({ name: ['This field must be unique.'] }),
      },
    ],
    hasRoles: true,
    actions: [
      {
        name: 'refresh',
        method: 'post',
        detail: true,
        summary: 'Refresh a source',
        description: 'Starts a group of tasks that learn what the source has.',
        output: { 202: { component: 'TaskGroupOperation' } },
        run: (request, target) => refresh(type, request, target),
      },
    ],
    validate: (values) => {
      checkAcs(values);
      return values;
    },
    deleteTask: dispatchDelete(type),
    afterSave: savePaths,
    beforeDelete: async (tx, row) => await dropSource(tx, String(row.pulp_id)),
  };
}

async function pathsOf(rows: readonly Row[], db: Services['db']): Promise<string[][]> {
  const found = await db.rows<{ source_id: string; path: string }>(
    sql`select source_id, path from alternate_content_source_path
      where source_id = any(${rows.map((row) => row.pulp_id)}::uuid[]) order by path`,
  );
  return rows.map((row) => found.filter((one) => one.source_id === row.pulp_id).map((one) => one.path));
}

function checkAcs(values: Values): void {
  const remote = values.remote as Reference | undefined;
  if (remote && remote.row.policy !== 'on_demand') {
    throw ValidationError.field(
      'remote',
      "Remote used with alternate content source must have the 'on_demand' policy.",
    );
  }
  for (const path of (values.paths as string[] | undefined) ?? []) {
    if (path.startsWith('/')) throw ValidationError.field('paths', 'Path cannot start with a slash.');
  }
}

/** Keeps the paths that stay, with their hidden repositories. */
async function savePaths(
  tx: Transaction,
  id: string,
  values: Values,
  _services: Services,
  created: boolean,
): Promise<void> {
  const given = values.paths as string[] | undefined;
  if (given === undefined && !created) return;
  const paths = given && given.length > 0 ? [...new Set(given)] : [''];
  await setSourcePaths(tx, id, paths);
}

/** Its task has a name of its own, as clients know it. */
const dispatchDelete = (type: DeclaredAlternateSource) => async (row: Row, request: RequestContext) => {
  const task = await request.dispatch({
    name: 'pulpcore.app.tasks.base.general_multi_delete',
    args: {
      model: labelOf(type.model),
      values: {},
      id: String(row.pulp_id),
      ...(asksForDryRun(request) && { dry_run: true }),
    },
    exclusive: [type.prn(String(row.pulp_id))],
  });
  return accepted(request, task);
};

/** One task per path; each syncs into its hidden repository. */
async function refresh(type: DeclaredAlternateSource, request: RequestContext, target: ActionTarget): Promise<Answer> {
  const { taskName } = type.repository.sync!;
  const paths = await request.db.rows<{ pulp_id: string }>(
    sql`select pulp_id from alternate_content_source_path where source_id = ${target.id} order by path`,
  );
  const group = await createTaskGroup(
    request.db,
    request.domain.id,
    `Refreshing ${paths.length} alternate content source paths.`,
  );
  const remote = type.remote.prn(String(target.row.remote_id));
  for (const path of paths) {
    await request.dispatch({
      name: taskName,
      args: { source_path: path.pulp_id, source: target.id, remote: String(target.row.remote_id) },
      exclusive: [`${target.prn}:${path.pulp_id}`],
      shared: [remote, target.prn],
      taskGroup: group,
    });
  }
  await allTasksDispatched(request.db, group);
  await noteRefreshed(request.db, target.id);
  return acceptedGroup(request, group);
}
