/** Filters of tasks (core.md §2.8), among them those by what a task holds or made. */
import { sql } from '../../db/sql.ts';
import { ValidationError } from '../../lib/errors.ts';
import type { RequestContext } from '../../plugin-api/context.ts';
import {
  choiceFilter,
  customFilter,
  dateFilter,
  type Filter,
  type Filters,
  textFilter,
} from '../../plugin-api/filter.ts';
import { labelOf, prn } from '../../plugin-api/model.ts';
import { findNamed, HrefReader } from '../engine/hrefs.ts';
import { Refused } from '../engine/validate-value.ts';

const STATES = ['canceled', 'canceling', 'completed', 'failed', 'running', 'skipped', 'waiting'];
const ARRAY = { type: 'array', items: { type: 'string' } };

/** The PRN of an href; other words (lock names, PRNs) stay as they are. */
async function lockName(filter: string, value: string, request: RequestContext): Promise<string> {
  if (!value.startsWith('/') && !/^https?:/.test(value)) return value;
  const { services } = request;
  try {
    const named = new HrefReader(services.models, services.settings.apiRoot, services.settings.domainEnabled).read(
      value,
    );
    if (named.number === undefined)
      return `prn:${named.model.prnApp ?? named.model.app}.${named.model.name.toLowerCase()}:${named.id}`;
    const row = await request.db.row<{ id: string }>(sql`select v.pulp_id as id from repository_version v
      join repository r on r.id = v.repository_id where r.pulp_id = ${named.id} and v.number = ${named.number}`);
    return `prn:core.repositoryversion:${row?.id ?? ''}`;
  } catch (error) {
    if (error instanceof Refused) throw ValidationError.field(filter, `URI not valid: ${value}`);
    throw error;
  }
}

/** The PRN of an object that is there, by href or PRN. */
async function objectName(value: string, request: RequestContext): Promise<string> {
  const { models, settings } = request.services;
  const hrefs = new HrefReader(models, settings.apiRoot, settings.domainEnabled);
  try {
    const named = hrefs.read(value);
    const row = await findNamed(request.db, request.domain, named);
    if (!row) throw new ValidationError([`URI ${value} not found for ${named.model.name.toLowerCase()}.`]);
    return prn(labelOf(named.model), String(row[named.model.key ?? 'pulp_id']));
  } catch (error) {
    if (error instanceof Refused) throw new ValidationError([`URI not valid: ${value}`]);
    throw error;
  }
}

/** All of the names must be held, exclusively, shared or either. */
function held(filter: string, prefixes: readonly string[], many: boolean): Filter {
  return customFilter(
    async (value, request) => {
      if (value === '' && many) return sql.raw('true');
      const conditions = [];
      for (const one of many ? value.split(',') : [value]) {
        const name = await lockName(filter, one.trim(), request);
        conditions.push(
          sql`(${sql.join(
            prefixes.map((prefix) => sql`t.reserved_resources_record @> ${[prefix + name]}::text[]`),
            ' or ',
          )})`,
        );
      }
      return sql.and(conditions);
    },
    many ? { schema: ARRAY } : {},
  );
}

const taskReference = (column: string): Filter =>
  customFilter(async (value) => {
    const id = /([0-9a-f]{8}-[0-9a-f-]{27})\/?$/i.exec(value)?.[1];
    if (!id) throw new ValidationError([`URI couldn't be resolved: ${value}`]);
    return column === 'child_tasks'
      ? sql`t.pulp_id = (select c.parent_task_id from task c where c.pulp_id = ${id})`
      : sql`t.${sql.ident(column === 'task_group' ? 'task_group_id' : 'parent_task_id')} = ${id}`;
  });

export const taskFilters: Filters = {
  state: choiceFilter(sql.raw('t.state'), STATES),
  name: textFilter(sql.raw('t.name'), { lookups: ['', 'contains', 'in', 'ne'] }),
  logging_cid: textFilter(sql.raw('t.logging_cid'), { lookups: ['', 'contains'] }),
  worker: customFilter(() => sql.raw('false')),
  pulp_created: dateFilter(sql.raw('t.pulp_created')),
  started_at: dateFilter(sql.raw('t.started_at')),
  finished_at: dateFilter(sql.raw('t.finished_at')),
  unblocked_at: dateFilter(sql.raw('t.unblocked_at')),
  parent_task: taskReference('parent_task'),
  child_tasks: taskReference('child_tasks'),
  task_group: taskReference('task_group'),
  reserved_resources: held('reserved_resources', ['', 'shared:'], false),
  reserved_resources__in: held('reserved_resources__in', ['', 'shared:'], true),
  exclusive_resources: held('exclusive_resources', [''], false),
  exclusive_resources__in: held('exclusive_resources__in', [''], true),
  shared_resources: held('shared_resources', ['shared:'], false),
  shared_resources__in: held('shared_resources__in', ['shared:'], true),
  created_resources: customFilter(async (value, request) => {
    const name = await objectName(value, request);
    return sql`(t.created_resources <> '{}' and t.created_resources @> ${[name]}::text[])`;
  }),
};

export const TASK_ORDERING = [
  'pulp_id',
  'pulp_created',
  'pulp_last_updated',
  'state',
  'name',
  'logging_cid',
  'unblocked_at',
  'started_at',
  'finished_at',
  'error',
  'enc_args',
  'enc_kwargs',
  'reserved_resources_record',
  'pulp_api_version',
  'versions',
  'immediate',
  'deferred',
  'profile_options',
  'result',
  'pk',
];
