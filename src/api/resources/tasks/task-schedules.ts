/** Task schedules: those of the settings, which can only be read (core.md §2.7), and those of users, which are an addition. */

import type { Queryable, Transaction } from '../../../db/database.ts';
import { violatedUnique } from '../../../db/errors.ts';
import { sql } from '../../../db/sql.ts';
import { HttpError, messageOf, ValidationError } from '../../../lib/errors.ts';
import { nextTime, parseCron } from '../../../lib/text/cron.ts';
import { uuidAtEnd } from '../../../lib/text/uuid.ts';
import { uuid7 } from '../../../lib/text/uuid7.ts';
import { planNext, setScheduleMaker } from '../../../model/tasks/schedule.ts';
import type { Answer, RequestContext } from '../../../plugin-api/contracts/context.ts';
import { identityFields } from '../../../plugin-api/declare/common-fields.ts';
import {
  boolean,
  choice,
  datetime,
  type Field,
  object,
  type Row,
  string,
  type Values,
} from '../../../plugin-api/declare/field.ts';
import { textFilter } from '../../../plugin-api/declare/filter.ts';
import { labelOf } from '../../../plugin-api/declare/model.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { presentOne } from '../../engine/present.ts';
import { readRow } from '../../engine/read-rows.ts';
import { insertRow } from '../../engine/write-rows.ts';
import { taskScheduleModel } from '../models.ts';

const scheduleOperations = ['sync', 'publish', 'replicate', 'orphan_cleanup'] as const;
export type ScheduleOperation = (typeof scheduleOperations)[number];

const INTERVAL = /^(?:(\d{1,6}) )?(\d{1,2}):(\d\d):(\d\d)$/;

const fields: Record<string, Field> = {
  ...identityFields(taskScheduleModel),
  name: string({ help: 'Its name.' }),
  task_name: string({ help: 'The task it starts; given by the server.' }),
  dispatch_interval: string({
    help: 'Time between two runs, as [D ]HH:MM:SS.',
    nullable: true,
    required: true,
    check: (value) =>
      value === null || secondsOf(String(value)) > 0 ? undefined : 'Enter a duration as [D ]HH:MM:SS.',
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
  operation: choice('ScheduleOperationEnum', scheduleOperations, {
    help: 'What a run does, with the rights of who has made the schedule; null for those of the settings.',
    nullable: true,
    required: false,
  }),
  target: string({
    help: 'Href or PRN of the repository to sync or publish, or of the upstream server to replicate from.',
    nullable: true,
    required: false,
  }),
  options: object({ help: 'What is sent along, as when it is done by hand: remote, mirror …', default: {} }),
  cron: string({ help: 'Instead of an interval: minute, hour, day, month, weekday.', nullable: true, required: false }),
  time_zone: string({ help: 'The time zone of cron.', default: 'UTC' }),
  enabled: boolean({ help: 'Whether it runs; false pauses it.', default: true }),
};

/** What a create takes: with cron there is no interval, and the task follows from the operation. */
const { task_name: _, ...given } = fields;
const input = { ...given, dispatch_interval: { ...fields.dispatch_interval!, required: false } };

function secondsOf(interval: string): number {
  const [, days = '0', hours, minutes, seconds] = INTERVAL.exec(interval) ?? [];
  if (hours === undefined) return 0;
  return Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** `D HH:MM:SS` as Django writes durations. */
function duration(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const pad = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const time = `${pad((seconds % 86_400) / 3600)}:${pad((seconds % 3600) / 60)}:${pad(seconds % 60)}`;
  return days > 0 ? `${days} ${time}` : time;
}

/** When cron is due next; throws ValidationError for what is no expression or time zone, or never due. */
function nextByCron(cron: string, timeZone: string): Date {
  let next: Date | undefined;
  try {
    next = nextTime(parseCron(cron), timeZone, new Date());
  } catch (error) {
    throw ValidationError.field('cron', messageOf(error));
  }
  if (!next) throw ValidationError.field('cron', 'This is never due.');
  return next;
}

/** Values as stored and as changed: exactly one of interval and cron, and a target of the right kind. */
async function checked(values: Values, request: RequestContext, existing: Row | undefined): Promise<Values> {
  if (existing?.built_in) throw new HttpError(403, 'This schedule follows the settings of the server.');
  if (existing && 'task_name' in values && values.task_name !== existing.task_name)
    throw ValidationError.field('task_name', 'The task of a schedule cannot be changed.');
  const now = (name: string) => (name in values ? values[name] : existing?.[name]);
  if ((now('dispatch_interval') == null) === (now('cron') == null))
    throw ValidationError.cross("Exactly one of 'dispatch_interval', 'cron' must be specified.");
  if (now('cron') != null) nextByCron(String(now('cron')), String(now('time_zone') ?? 'UTC'));
  const operation = now('operation') as ScheduleOperation | null | undefined;
  if (!operation) throw ValidationError.field('operation', 'This field is required.');
  const target = await targetOf(operation, now('target'), request);
  return { ...values, target };
}

/** The PRN of the target, which stays the same when it is renamed; null where there is none. */
async function targetOf(operation: ScheduleOperation, given: unknown, request: RequestContext): Promise<string | null> {
  if (operation === 'orphan_cleanup') {
    if (given == null) return null;
    throw ValidationError.field('target', 'A clean-up of orphans has no target.');
  }
  if (typeof given !== 'string') throw ValidationError.field('target', 'This field is required.');
  const table = operation === 'replicate' ? 'upstream_pulp' : 'repository';
  const id = uuidAtEnd(given);
  const prn = id && (await prnOf(request, table, id, given));
  if (prn) return prn;
  throw ValidationError.field(
    'target',
    `This is no ${table === 'repository' ? 'repository' : 'upstream server'} here.`,
  );
}

async function prnOf(request: RequestContext, table: string, id: string, given: string): Promise<string | undefined> {
  const { models } = request.services;
  const type = table === 'repository' ? sql`pulp_type` : sql`null`;
  const row = await request.db.row<{ pulp_type: string | null }>(
    sql`select ${type} as pulp_type from ${sql.ident(table)} where pulp_id = ${id} and domain_id = ${request.domain.id}`,
  );
  const model = row?.pulp_type ? models.byType(table, row.pulp_type) : row && models.byLabel('core.upstreampulp');
  if (!model) return undefined;
  const prn = `prn:${labelOf(model)}:${id}`;
  return given === prn || given.endsWith(request.href(labelOf(model), id)) ? prn : undefined;
}

async function create(values: Values, request: RequestContext): Promise<Answer> {
  const id = uuid7();
  try {
    await request.db.transaction(async (tx) => {
      await insertRow(tx, taskScheduleResource, request.domain, values, request.services, id);
      const { id: userId, limit } = request.user!;
      await setScheduleMaker(tx, id, { userId, domainId: request.domain.id, limit });
    });
  } catch (error) {
    if (violatedUnique(error)) throw ValidationError.field('name', 'This field must be unique.');
    throw error;
  }
  const row = await readRow(request.db, taskScheduleResource, request.domain, id);
  const body = await presentOne(taskScheduleResource, row!, request);
  return { status: 201, body, headers: { Location: String(body.pulp_href) } };
}

/** A new rhythm begins anew; a schedule with an interval runs at once when it is made. */
async function plan(tx: Transaction, id: string, values: Values, created: boolean): Promise<void> {
  if (!created && !['cron', 'time_zone', 'dispatch_interval'].some((name) => name in values)) return;
  const row = await stored(tx, id);
  if (row?.cron) await planNext(tx, id, nextByCron(row.cron, row.time_zone).toISOString());
  else if (!created) await planNext(tx, id);
}

function stored(tx: Queryable, id: string): Promise<{ cron: string | null; time_zone: string } | undefined> {
  return tx.row(sql`select cron, time_zone from task_schedule where pulp_id = ${id}`);
}

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
  fields,
  hiddenInput: input,
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
  operations: { list: true, read: true, create: 'now', update: 'now', delete: 'now' },
  actions: [],
  hasRoles: true,
  validate: checked,
  createNow: create,
  afterSave: (tx, id, values, _services, created) => plan(tx, id, values, created),
  beforeDelete: async (_tx, row) => {
    if (row.built_in) throw new HttpError(403, 'This schedule follows the settings of the server.');
  },
};
