/** Runs of a replication with their items: to look at, activate, try again and take back (docs/spec/replication.md §3 and §4). */

import { sql } from '../../../db/sql.ts';
import {
  advanceLocks,
  FINALIZE,
  finalizeLocks,
  REPLICATE,
  ROLL_BACK,
} from '../../../engines/replication/run/run-tasks.ts';
import { HttpError } from '../../../lib/errors.ts';
import { reopenRun, setRunGroup } from '../../../model/replication/run.ts';
import { statesIn, statesThat } from '../../../model/replication/run-states.ts';
import { allTasksDispatched, createTaskGroup } from '../../../model/tasks/task-group.ts';
import type { Answer, Presenter, RequestContext } from '../../../plugin-api/contracts/context.ts';
import {
  boolean,
  datetime,
  type Field,
  integer,
  json,
  object,
  type Row,
  string,
} from '../../../plugin-api/declare/field.ts';
import type { Action, ActionTarget, Resource } from '../../../plugin-api/declare/resource.ts';
import { accepted, acceptedGroup } from '../../../plugin-api/toolkit/accepted.ts';
import { presentOne } from '../../engine/present.ts';
import { replicationRunModel } from '../models.ts';

/** A run that nobody works on any more has ended, though it could not say so. */
const state = sql`case when t.state in ${statesIn('advancing')} and not exists (
    select from task k where k.task_group_id = t.task_group_id and k.state in ('waiting', 'running', 'canceling'))
  then case when exists (select from task k where k.task_group_id = t.task_group_id and k.state = 'canceled')
    then 'canceled' else 'failed' end
  else t.state end`;

const hrefOf = (row: Row, { apiPrefix }: Presenter) =>
  `${apiPrefix}upstream-pulps/${row.upstream_id}/runs/${row.pulp_id}/`;

const fields: Record<string, Field> = {
  pulp_href: string({ format: 'uri', readOnly: true, column: false, read: hrefOf }),
  prn: string({ readOnly: true, column: false, read: (row) => `prn:core.replicationrun:${row.pulp_id}` }),
  pulp_created: datetime({ readOnly: true }),
  pulp_last_updated: datetime({ readOnly: true }),
  state: string({ help: 'How far it is.', readOnly: true, select: state }),
  q_select: string({ help: 'The selection of this run only.', readOnly: true, nullable: true }),
  selective: boolean({ help: 'Only a part was asked for; nothing is deleted then.', readOnly: true }),
  task_group: string({
    help: 'Its tasks.',
    format: 'uri',
    readOnly: true,
    nullable: true,
    column: false,
    read: (row, presenter) => (row.task_group_id ? presenter.href('core.taskgroup', String(row.task_group_id)) : null),
  }),
  summary: object({ help: 'Numbers of items by act.', readOnly: true }),
  rounds: integer({ help: 'How many times upstream was read for it.', readOnly: true, column: 'round' }),
  error: json({ help: 'What has ended it.', readOnly: true, nullable: true }),
  started_at: datetime({ readOnly: true }),
  activated_at: datetime({ readOnly: true, nullable: true }),
  finished_at: datetime({ readOnly: true, nullable: true }),
};

const items: Field = json({
  help: 'What it does to each object; those that do not change are not listed.',
  readOnly: true,
  column: false,
  load: async (rows, presenter) => {
    const found = await presenter.services.db.rows<Row>(sql`
      select run_id, object, type, name, base_path, act, state, old, new, conflict, error, task_id, counts, bytes
      from replication_item where run_id = any(${rows.map((row) => row.pulp_id)}::uuid[]) order by id`);
    return rows.map((row) =>
      found.filter((one) => one.run_id === row.pulp_id).map((one) => itemOnWire(one, presenter)),
    );
  },
});

function itemOnWire({ run_id: _, task_id: task, ...item }: Row, presenter: Presenter): object {
  return { ...item, task: task ? presenter.href('core.task', String(task)) : null };
}

async function dispatchFor(
  request: RequestContext,
  target: ActionTarget,
  name: string,
  args: object,
  exclusive: readonly string[],
) {
  const group = await createTaskGroup(request.db, request.domain.id, `Replication run ${target.id}`);
  await setRunGroup(request.db, target.id, group);
  const task = await request.dispatch({ name, args: { run: target.id, ...args }, exclusive, taskGroup: group });
  await allTasksDispatched(request.db, group);
  return { task, group };
}

/** 409 with the reason when the run is not in a state for it. */
function requireState(target: ActionTarget, states: readonly string[], act: string): void {
  const now = String(target.row.state);
  if (!states.includes(now))
    throw new HttpError(409, `A run that is ${now} cannot be ${act}; it would have to be ${states.join(' or ')}.`);
}

const activate: Action = {
  name: 'activate',
  method: 'post',
  detail: true,
  summary: 'Activate a run',
  description: 'Starts a task that switches to everything the run has staged.',
  output: { 202: { component: 'AsyncOperation' } },
  run: async (request, target) => {
    requireState(target, ['ready'], 'activated');
    const { exclusive } = finalizeLocks(request.domain.pulpId, String(target.row.upstream_id));
    return accepted(request, (await dispatchFor(request, target, FINALIZE, {}, exclusive)).task);
  },
};

const rollback: Action = {
  name: 'rollback',
  method: 'post',
  detail: true,
  summary: 'Take a run back',
  description: 'Starts a task that returns to what was served before the run.',
  output: { 202: { component: 'AsyncOperation' } },
  run: async (request, target) => {
    requireState(target, statesThat('reversible'), 'taken back');
    const later = await request.db.row(sql`select 1 from replication_run where upstream_id = ${target.row.upstream_id}
      and activated_at > ${target.row.activated_at} and state in ${statesIn('reversible')} limit 1`);
    if (later) throw new HttpError(409, 'A later run is active; only the last one can be taken back.');
    const { exclusive } = finalizeLocks(request.domain.pulpId, String(target.row.upstream_id));
    return accepted(request, (await dispatchFor(request, target, ROLL_BACK, {}, exclusive)).task);
  },
};

const retry: Action = {
  name: 'retry',
  method: 'post',
  detail: true,
  summary: 'Try failed items again',
  description: 'Carries the run on: what was fetched is kept, what failed or was cut off is tried again.',
  output: { 202: { component: 'TaskGroupOperation' } },
  run: async (request, target): Promise<Answer> => {
    requireState(target, statesThat('repeatable'), 'tried again');
    await reopenRun(request.db, target.id);
    const { exclusive } = advanceLocks(request.domain.pulpId, String(target.row.upstream_id));
    const { group } = await dispatchFor(request, target, REPLICATE, { round: 1 }, exclusive);
    return acceptedGroup(request, group);
  },
};

export const replicationRunResource: Resource = {
  model: replicationRunModel,
  tag: 'Upstream-Pulps: Runs',
  operation: 'upstream_pulps_runs',
  hrefName: 'replication_run_href',
  parentHref: 'upstream_pulp_href',
  component: 'ReplicationRun',
  noun: 'replication run',
  description: 'One replication from an upstream server.',
  table: {
    name: 'replication_run',
    from: sql.raw('replication_run t'),
    key: 'pulp_id',
    newest: sql.raw('t.pulp_id'),
    inDomain: true,
    parent: async (request, params) => {
      const there = /^[0-9a-f-]{32,36}$/i.test(params.parent ?? '')
        ? await request.db.row(
            sql`select 1 from upstream_pulp where pulp_id = ${params.parent} and domain_id = ${request.domain.id}`,
          )
        : undefined;
      if (!there) throw new HttpError(404, 'No UpstreamPulp matches the given query.');
      return sql`t.upstream_id = ${params.parent}`;
    },
  },
  fields,
  detailFields: { items },
  detailComponent: 'ReplicationRunDetail',
  filters: {},
  ordering: ['pulp_created', 'pk'],
  operations: { list: true, read: true },
  actions: [activate, rollback, retry],
  access: {
    statements: [
      'list retrieve | [md:core.view_upstreampulp]',
      'activate rollback retry | [md:core.replicate_upstreampulp]',
    ],
    hooks: null,
    scoping: null,
    hidden: true,
  },
};

/** The last run of an upstream as its detail view answers it; null when there was none. */
export async function lastRun(request: RequestContext, upstreamId: string): Promise<Row | null> {
  const row =
    await request.db.row<Row>(sql`select t.*, ${state} as state from replication_run t where t.upstream_id = ${upstreamId}
    order by t.pulp_id desc limit 1`);
  return row ? await presentOne(replicationRunResource, row, request) : null;
}
