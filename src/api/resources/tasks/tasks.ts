/** Tasks and task groups: reading, cancelling, purging (core.md §2). */

import { sql } from '../../../db/sql.ts';
import { HttpError, ValidationError } from '../../../lib/errors.ts';
import { artifactLinks } from '../../../model/repositories/artifact-distribution.ts';
import type { Answer, RequestContext } from '../../../plugin-api/contracts/context.ts';
import { identityFields } from '../../../plugin-api/declare/common-fields.ts';
import {
  boolean,
  choice,
  datetime,
  type Field,
  integer,
  json,
  list,
  map,
  nested,
  object,
  type Row,
  string,
} from '../../../plugin-api/declare/field.ts';
import type { Action, ActionTarget, Resource } from '../../../plugin-api/declare/resource.ts';
import { accepted } from '../../../plugin-api/toolkit/accepted.ts';
import { cancelGroup, cancelTask } from '../../../tasking/queue/cancel.ts';
import { presentOne } from '../../engine/present.ts';
import { presenterFor } from '../../engine/presenter.ts';
import { readRow } from '../../engine/read-rows.ts';
import { dryRunField } from '../../types/dry-run.ts';
import { taskGroupModel, taskModel } from '../models.ts';
import { blockedBy } from './blocked-by.ts';
import { createdHrefs } from './created-resources.ts';
import { TASK_ORDERING, taskFilters } from './task-filters.ts';

const FINAL = ['skipped', 'completed', 'failed', 'canceled'];

const readInteger = integer({ readOnly: true });
const readText = string({ readOnly: true });
const progressFields: Record<string, Field> = {
  message: readText,
  code: readText,
  state: readText,
  total: readInteger,
  done: readInteger,
  suffix: string({ readOnly: true, nullable: true }),
};
const { state: _, ...groupProgressFields } = progressFields;

const href = (help: string, read: Field['read']): Field =>
  string({ help, format: 'uri', readOnly: true, column: false, ...(read && { read }) });

const minimalFields: Record<string, Field> = {
  ...identityFields(taskModel),
  name: string({ help: 'The name of the task.', required: true }),
  state: string({ help: 'waiting, skipped, running, completed, failed, canceled or canceling.', readOnly: true }),
  unblocked_at: datetime({ help: 'Since when nothing holds it back.', readOnly: true }),
  started_at: datetime({ help: 'When it began to run.', readOnly: true }),
  finished_at: datetime({ help: 'When it ended.', readOnly: true }),
  worker: string({
    help: 'Always null.',
    format: 'uri',
    nullable: true,
    readOnly: true,
    column: false,
    read: () => null,
  }),
  pulp_api_version: string({ default: 'v3', column: false, read: () => 'v3' }),
};

/** Groups have many tasks, and those who wait for one ask again and again: nothing is read that is not told. */
const MINIMAL_COLUMNS = sql.join(
  [
    'task_group_id',
    'pulp_id',
    ...Object.keys(minimalFields).filter((name) => minimalFields[name]!.column !== false),
  ].map((name) => sql.ident(name)),
);

const taskFields: Record<string, Field> = {
  ...minimalFields,
  logging_cid: string({ help: 'The correlation id of the request that asked for it.', required: true, blank: true }),
  created_by: string({
    help: 'The user who asked for it.',
    format: 'uri',
    nullable: true,
    readOnly: true,
    column: false,
    read: (row, presenter) => (row.created_by === null ? null : presenter.href('auth.user', String(row.created_by))),
  }),
  error: object({ help: 'Why it failed.', readOnly: true }),
  parent_task: href('The task that started this one.', (row, p) =>
    row.parent_task_id ? p.href('core.task', String(row.parent_task_id)) : null,
  ),
  child_tasks: list(string({ format: 'uri' }), {
    help: 'Tasks started by this one.',
    readOnly: true,
    column: false,
    load: async (rows, presenter) => {
      const ids = rows.map((row) => row.pulp_id);
      const found = await presenter.services.db.rows<{ id: string; parent: string }>(
        sql`select pulp_id as id, parent_task_id as parent from task where parent_task_id = any(${ids}::uuid[]) order by id`,
      );
      return rows.map((row) =>
        found.filter((one) => one.parent === row.pulp_id).map((one) => presenter.href('core.task', one.id)),
      );
    },
  }),
  task_group: href('The group it belongs to.', (row, p) =>
    row.task_group_id ? p.href('core.taskgroup', String(row.task_group_id)) : null,
  ),
  progress_reports: list(nested('ProgressReport', progressFields), {
    readOnly: true,
    column: false,
    load: (rows, presenter) => progressOf(rows, presenter.services.db),
  }),
  created_resources: list(string({ format: 'uri' }), {
    help: 'What it made.',
    readOnly: true,
    column: false,
    load: createdHrefs,
  }),
  created_resource_prns: list(string({ format: 'uri' }), {
    help: 'What it made, as PRNs.',
    readOnly: true,
    column: false,
    read: (row) => row.created_resources ?? [],
  }),
  reserved_resources_record: list(string(), {
    help: 'What it holds or waits for; shared ones behind `shared:`.',
    readOnly: true,
  }),
  result: json({ help: 'What it answered.', readOnly: true }),
};

async function progressOf(rows: readonly Row[], db: RequestContext['db']): Promise<object[][]> {
  const found = await db.rows<Row>(
    sql`select task_id, message, code, state, total, done, suffix from progress_report
      where task_id = any(${rows.map((row) => row.pulp_id)}::uuid[]) order by pulp_id`,
  );
  const byTask = Map.groupBy(found, (one) => one.task_id);
  return rows.map((row) => (byTask.get(row.pulp_id) ?? []).map(({ task_id: _task, ...report }) => report));
}

const cancelInput = {
  component: 'TaskCancel',
  partial: true,
  fields: { state: string({ help: 'The only value is canceled.' }) },
};

function requireCanceled(input: Row): void {
  if (input.state === 'canceled') return;
  if (input.state === undefined) throw ValidationError.field('state', 'This field is required.');
  throw ValidationError.field('state', "The only acceptable value for 'state' is 'canceled'.");
}

async function cancel(request: RequestContext, target: ActionTarget, input: Row): Promise<Answer> {
  requireCanceled(input);
  const canceled = await cancelTask(request.services.db, target.id);
  const row = await readRow(request.db, taskResource, request.domain, target.id);
  if (!row) throw new HttpError(404, 'No Task matches the given query.');
  // a cancel that is sent again, because the answer was lost, has succeeded
  return {
    status: canceled || row.state === 'canceled' ? 200 : 409,
    body: await presentOne(taskResource, row, request),
  };
}

const statesEnum = choice('StatesEnum', FINAL);

const purge: Action = {
  name: 'purge',
  method: 'post',
  detail: false,
  summary: 'Purge tasks',
  description: 'Starts a task that removes records of finished tasks.',
  input: {
    component: 'Purge',
    fields: {
      finished_before: datetime({ required: false, help: 'Only tasks that ended before; 30 days ago by default.' }),
      states: list(statesEnum, { default: ['completed'], help: 'Only tasks that ended in one of these.' }),
      dry_run: dryRunField,
    },
  },
  output: { 202: { component: 'AsyncOperation' } },
  run: async (request, _target, input) => {
    const before =
      (input.finished_before as string | undefined) ?? new Date(Date.now() - 30 * 86_400_000).toISOString();
    const task = await request.dispatch({
      name: 'pulpcore.app.tasks.purge.purge',
      args: { finished_before: before, states: input.states, ...(input.dry_run === true && { dry_run: true }) },
    });
    return accepted(request, task);
  },
};

/** Absolute and good for an hour. */
async function linksTo(
  rows: readonly { name: string; artifact: string }[],
  request: RequestContext,
): Promise<Record<string, string>> {
  const { contentUrl } = presenterFor(request.services, { ...request.domain, name: 'default' });
  const link = await artifactLinks(
    request.db,
    request.services.secrets,
    (path) => new URL(contentUrl(path), request.origin).href,
  );
  return Object.fromEntries(rows.map(({ name, artifact }) => [name, link(artifact)]));
}

const profileArtifacts: Action = {
  name: 'profile_artifacts',
  method: 'get',
  detail: true,
  summary: 'Profile artifacts of a task',
  description: 'Links to what the diagnostics of the task recorded.',
  output: {
    200: { component: 'ProfileArtifact', fields: { urls: map(string({ format: 'uri' }), { required: true }) } },
  },
  run: async (request, target) => {
    const rows = await request.db.rows<{ name: string; artifact: string }>(sql`
      select p.name, a.pulp_id as artifact from task_profile p join artifact a on a.id = p.artifact_id
        where p.task_id = ${target.row.id} order by p.name`);
    if (rows.length === 0) return { status: 200, body: { urls: {} } };
    return { status: 200, body: { urls: await linksTo(rows, request) } };
  },
};

export const taskResource: Resource = {
  model: taskModel,
  tag: 'Tasks',
  operation: 'tasks',
  hrefName: 'task_href',
  component: 'Task',
  noun: 'task',
  description: 'What the server does in the background.',
  table: {
    name: 'task',
    from: sql.raw('task t'),
    key: 'pulp_id',
    newest: sql.raw('t.id'),
    inDomain: true,
    order: {
      enc_args: sql.raw('t.arguments'),
      enc_kwargs: sql.raw('t.arguments'),
      deferred: sql.raw('t.can_defer'),
      pulp_api_version: sql.raw('t.name'),
    },
  },
  fields: taskFields,
  filters: taskFilters,
  ordering: TASK_ORDERING,
  operations: { list: true, read: true, delete: 'now' },
  minimalFields,
  actions: [
    {
      name: 'cancel',
      method: 'patch',
      detail: true,
      path: '',
      summary: 'Cancel a task',
      description: 'Cancels a task that has not ended.',
      input: cancelInput,
      output: { 200: { component: 'Task' }, 409: { component: 'Task' } },
      run: cancel,
    },
    purge,
    profileArtifacts,
    blockedBy,
  ],
  hasRoles: true,
  beforeDelete: async (_tx, row) => {
    if (!FINAL.includes(String(row.state))) throw new HttpError(409, '');
  },
};

const counters = ['waiting', 'skipped', 'running', 'completed', 'canceled', 'failed', 'canceling'] as const;
const { pulp_href, prn } = identityFields(taskGroupModel);

const groupFields: Record<string, Field> = {
  pulp_href: pulp_href!,
  prn: prn!,
  description: string({ help: 'What the tasks do.', required: true, blank: true }),
  all_tasks_dispatched: boolean({
    help: 'Whether no further task will join.',
    required: true,
    schema: { deprecated: true },
  }),
  ...Object.fromEntries(
    counters.map((state) => [
      state,
      integer({
        readOnly: true,
        column: false,
        select: sql`(select count(*) from task m where m.task_group_id = t.pulp_id and m.state = ${state})`,
        read: (row: Row) => Number(row[state]),
      }),
    ]),
  ),
  group_progress_reports: list(nested('GroupProgressReport', groupProgressFields), {
    readOnly: true,
    column: false,
    load: async (rows, presenter) => {
      const found = await presenter.services.db.rows<Row>(
        sql`select task_group_id, message, code, total, done, suffix from group_progress_report
          where task_group_id = any(${rows.map((row) => row.pulp_id)}::uuid[]) order by pulp_id`,
      );
      return rows.map((row) =>
        found.filter((one) => one.task_group_id === row.pulp_id).map(({ task_group_id: _group, ...report }) => report),
      );
    },
  }),
  tasks: list(nested('MinimalTask', minimalFields), {
    readOnly: true,
    column: false,
    load: async (rows, presenter) => {
      const members = await presenter.services.db.rows<Row>(
        sql`select ${MINIMAL_COLUMNS} from task where task_group_id = any(${rows.map((row) => row.pulp_id)}::uuid[]) order by id`,
      );
      const shape = { ...taskResource, fields: minimalFields };
      return await Promise.all(
        rows.map((row) =>
          Promise.all(
            members.filter((one) => one.task_group_id === row.pulp_id).map((one) => presentOne(shape, one, presenter)),
          ),
        ),
      );
    },
  }),
};

async function cancelMembers(request: RequestContext, target: ActionTarget, input: Row): Promise<Answer> {
  requireCanceled(input);
  await cancelGroup(request.services.db, target.id);
  const row = await readRow(request.db, taskGroupResource, request.domain, target.id);
  const body = await presentOne(taskGroupResource, row!, request);
  return { status: Number(body.waiting) + Number(body.running) > 0 ? 409 : 200, body };
}

export const taskGroupResource: Resource = {
  model: taskGroupModel,
  tag: 'Task-Groups',
  operation: 'task_groups',
  hrefName: 'task_group_href',
  component: 'TaskGroup',
  noun: 'task group',
  description: 'Tasks that belong together.',
  table: {
    name: 'task_group',
    from: sql.raw('task_group t'),
    key: 'pulp_id',
    newest: sql.raw('t.pulp_id'),
    inDomain: true,
  },
  fields: groupFields,
  filters: {},
  ordering: [],
  without: ['q', 'prn__in', 'pulp_href__in', 'pulp_id__in', 'ordering'],
  operations: { list: true, read: true },
  actions: [
    {
      name: 'cancel',
      method: 'patch',
      detail: true,
      path: '',
      summary: 'Cancel a task group',
      description: 'Cancels all tasks of the group that have not ended.',
      input: cancelInput,
      output: { 200: { component: 'TaskGroup' }, 409: { component: 'TaskGroup' } },
      run: cancelMembers,
    },
  ],
};
