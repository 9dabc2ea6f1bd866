/** Worker processes as clients see them (core.md §2.6). */
import { sql } from '../../../db/sql.ts';
import { identityFields } from '../../../plugin-api/declare/common-fields.ts';
import { datetime, type Field, map, string } from '../../../plugin-api/declare/field.ts';
import { booleanFilter, dateFilter, textFilter } from '../../../plugin-api/declare/filter.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { workerModel } from '../models.ts';

const online = sql.raw('(t.last_heartbeat >= now() - make_interval(secs => t.ttl))');

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
    online: booleanFilter(online),
    missing: booleanFilter(sql`(not (${online}))`),
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
