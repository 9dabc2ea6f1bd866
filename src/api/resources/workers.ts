/** Worker processes and task schedules as clients see them (core.md §2.6, §2.7). */
import { sql } from '../../db/sql.ts';
import { identityFields } from '../../plugin-api/common-fields.ts';
import { datetime, type Field, map, string } from '../../plugin-api/field.ts';
import { customFilter, dateFilter, textFilter } from '../../plugin-api/filter.ts';
import type { Resource } from '../../plugin-api/resource.ts';
import { taskScheduleModel, workerModel } from './models.ts';

const online = sql.raw('t.last_heartbeat >= now() - make_interval(secs => t.ttl)');
const is = (value: string) => /^(true|1)$/i.test(value);

export const appStatusFields: Record<string, Field> = {
  name: string({ help: 'The name of the process.', readOnly: true }),
  last_heartbeat: datetime({ help: 'When it last told that it is alive.', readOnly: true }),
  versions: map(string({ nullable: true }), { help: 'Versions of its components.', readOnly: true }),
};

export const workerResource: Resource = {
  model: workerModel,
  tag: 'Workers',
  operation: 'workers',
  hrefName: 'worker_href',
  component: 'Worker',
  noun: 'worker',
  description: 'Processes that run tasks.',
  table: {
    name: 'app_status',
    from: sql.raw('app_status t'),
    key: 'pulp_id',
    newest: sql.raw('t.pulp_id'),
    where: sql.raw(`t.app_type = 'worker'`),
    inDomain: false,
    columns: [
      sql.raw(
        `(select k.pulp_id from task k where k.lease = t.lease and k.state in ('running', 'canceling') limit 1) as current_task_id`,
      ),
    ],
  },
  fields: {
    ...identityFields(workerModel),
    ...appStatusFields,
    current_task: string({
      help: 'The task it runs.',
      format: 'uri',
      readOnly: true,
      column: false,
      read: (row, presenter) => (row.current_task_id ? presenter.href('core.task', String(row.current_task_id)) : null),
    }),
  },
  filters: {
    name: textFilter(sql.raw('t.name')),
    last_heartbeat: dateFilter(sql.raw('t.last_heartbeat')),
    online: customFilter((value) => (is(value) ? online : sql`not (${online})`), { schema: { type: 'boolean' } }),
    missing: customFilter((value) => (is(value) ? sql`not (${online})` : online), { schema: { type: 'boolean' } }),
  },
  ordering: [
    'pulp_id',
    'pulp_created',
    'pulp_last_updated',
    'app_type',
    'name',
    'versions',
    'ttl',
    'last_heartbeat',
    'pk',
  ],
  operations: { list: true, read: true },
  actions: [],
};

export const taskScheduleResource: Resource = {
  model: taskScheduleModel,
  tag: 'Task-Schedules',
  operation: 'task_schedules',
  hrefName: 'task_schedule_href',
  component: 'TaskSchedule',
  noun: 'task schedule',
  description: 'Tasks that the server starts by itself.',
  table: {
    name: 'task_schedule',
    from: sql.raw('task_schedule t'),
    key: 'pulp_id',
    newest: sql.raw('t.pulp_id'),
    inDomain: false,
    columns: [sql.raw(`extract(epoch from t.dispatch_interval)::float8 as interval_seconds`)],
    order: { task_args: sql.raw('t.arguments'), task_kwargs: sql.raw('t.arguments') },
  },
  fields: {
    ...identityFields(taskScheduleModel),
    name: string({ help: 'Its name.' }),
    task_name: string({ help: 'The task it starts.' }),
    dispatch_interval: string({
      help: 'Time between two runs, as [D ]HH:MM:SS.',
      nullable: true,
      required: true,
      column: false,
      read: (row) => (row.interval_seconds === null ? null : duration(Number(row.interval_seconds))),
    }),
    next_dispatch: datetime({ help: 'When it runs next.', nullable: true, readOnly: true }),
    last_task: string({
      help: 'The task of the last run.',
      format: 'uri',
      readOnly: true,
      column: false,
      read: (row, presenter) => (row.last_task_id ? presenter.href('core.task', String(row.last_task_id)) : null),
    }),
  },
  filters: {
    name: textFilter(sql.raw('t.name'), { lookups: ['', 'contains'] }),
    task_name: textFilter(sql.raw('t.task_name'), { lookups: ['', 'contains'] }),
  },
  ordering: [
    'pulp_id',
    'pulp_created',
    'pulp_last_updated',
    'name',
    'next_dispatch',
    'dispatch_interval',
    'task_name',
    'task_args',
    'task_kwargs',
    'pk',
  ],
  operations: { list: true, read: true },
  actions: [],
  hasRoles: true,
};

/** `D HH:MM:SS` as Django writes durations. */
function duration(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const pad = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const time = `${pad((seconds % 86_400) / 3600)}:${pad((seconds % 3600) / 60)}:${pad(seconds % 60)}`;
  return days > 0 ? `${days} ${time}` : time;
}
