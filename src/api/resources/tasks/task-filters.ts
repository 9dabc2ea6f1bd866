/** Filters of tasks (core.md §2.8), among them those by what a task holds or made. */

import { sql } from '../../../db/sql.ts';
import { ValidationError } from '../../../lib/errors.ts';
import { uuidAtEnd } from '../../../lib/text/uuid.ts';
import type { RequestContext } from '../../../plugin-api/contracts/context.ts';
import {
  choiceFilter,
  customFilter,
  dateFilter,
  type Filter,
  type Filters,
  textFilter,
} from '../../../plugin-api/declare/filter.ts';
import { labelOf, prn } from '../../../plugin-api/declare/model.ts';
import { HrefReader } from '../../engine/hrefs.ts';
import { Refused } from '../../engine/validate-value.ts';

const STATES = ['canceled', 'canceling', 'completed', 'failed', 'running', 'skipped', 'waiting'];
const ARRAY = { type: 'array', items: { type: 'string' } };

/** The PRN of an href; other words (lock names, PRNs) stay as they are: anything can be the name of a lock. */
async function lockName(value: string, request: RequestContext): Promise<string> {
  if (!value.startsWith('/') && !/^https?:/.test(value)) return value;
  return (await prnNamed(value, request)) ?? value;
}

/** The PRN of what an href or PRN names, undefined when it is neither; nobody is told whether it is there. */
async function prnNamed(value: string, request: RequestContext): Promise<string | undefined> {
  const { models, settings } = request.services;
  try {
    const named = new HrefReader(models, settings).read(value);
    if (named.number === undefined) return prn(labelOf(named.model), named.id);
    const row = await request.db.row<{ id: string }>(sql`select v.pulp_id as id from repository_version v
      join repository r on r.id = v.repository_id where r.pulp_id = ${named.id} and v.number = ${named.number}`);
    return prn('core.repositoryversion', row?.id ?? '');
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

/** All of the names must be held, exclusively, shared or either. */
function held(prefixes: readonly string[], many: boolean): Filter {
  return customFilter(
    async (value, request) => {
      if (value === '' && many) return sql.raw('true');
      const conditions = [];
      for (const one of many ? value.split(',') : [value]) {
        const name = await lockName(one.trim(), request);
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
    const id = uuidAtEnd(value);
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
  reserved_resources: held(['', 'shared:'], false),
  reserved_resources__in: held(['', 'shared:'], true),
  exclusive_resources: held([''], false),
  exclusive_resources__in: held([''], true),
  shared_resources: held(['shared:'], false),
  shared_resources__in: held(['shared:'], true),
  created_resources: customFilter(async (value, request) => {
    const name = await prnNamed(value, request);
    if (name === undefined) throw new ValidationError([`URI not valid: ${value}`]);
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
