/** The task that carries a run on: plans, stages, starts syncs and comes back after them, until everything is ready for the switch. */

import { sql } from '../../db/sql.ts';
import { forEachConcurrent } from '../../lib/flow/map-concurrent.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import { prn } from '../../plugin-api/declare/model.ts';
import { addGroupProgress, openGroupProgress } from '../../tasking/queue/task-group.ts';
import { endRun, FINALIZE, finalizeLocks } from './finalize-task.ts';
import type { PlanItem } from './plan/plan-types.ts';
import { type Prepared, preparePlan, type ReplicationParts } from './prepare-plan.ts';
import { conflictsFound, itemsFailed } from './report.ts';
import { requireRights } from './rights.ts';
import { changeRun, findRun, type ItemRow, itemIds, type Run, writeItems } from './run-store.ts';
import { stagingAlready } from './runs-under-way.ts';
import { failuresOf, settleSyncs } from './stage/settle-syncs.ts';
import { stageStores } from './stage/stage-stores.ts';
import { verifyFetched } from './stage/verify-fetched.ts';
import { targetOf } from './targets.ts';
import { findUpstream, type Upstream } from './upstream/upstream.ts';

export const REPLICATE = 'pulpcore.app.tasks.replica.replicate_distributions';

/** Rounds of syncs: an upstream that changes all the time is not followed for ever. */
const MOST_ROUNDS = 12;
const DISPATCHED_AT_ONCE = 4;

export interface AdvanceArgs {
  readonly run: string;
  readonly round: number;
}

interface Advance {
  readonly context: TaskContext;
  readonly parts: ReplicationParts;
  readonly upstream: Upstream;
  readonly run: Run;
  readonly round: number;
}

/** Planning keeps other plans of the domain away; a later round waits for the syncs of the one before. */
export function advanceLocks(domainPulpId: string, upstreamId: string) {
  return { exclusive: [`pdrn:${domainPulpId}:servers`, upstreamPrn(upstreamId)] };
}

export function upstreamPrn(id: string): string {
  return prn('core.upstreampulp', id);
}

export function replicateTask(parts: ReplicationParts): TaskFunction {
  return {
    name: REPLICATE,
    async run(context, { run: runId, round }: AdvanceArgs) {
      const run = await findRun(context.db, runId);
      const upstream = run && (await findUpstream(context.db, context.secrets, context.domain.id, run.upstreamId));
      if (!run || !upstream) throw new Error('The run or its upstream has been deleted.');
      if (!['planned', 'staging'].includes(run.state)) return;
      try {
        await advance({ context, parts, upstream, run, round });
      } catch (error) {
        // Cut off is not failed: the run can be carried on by the next one.
        if (!context.signal.aborted) await noteFailure(context, run.id, error);
        throw error;
      }
    },
  };
}

async function noteFailure({ db }: TaskContext, runId: string, error: unknown): Promise<void> {
  const run = await findRun(db, runId);
  if (!run || !['planned', 'staging'].includes(run.state)) return;
  await changeRun(db, runId, {
    state: 'failed',
    error: { message: error instanceof Error ? error.message : String(error) },
  });
}

async function advance(on: Advance): Promise<void> {
  const { context, parts, upstream, run, round } = on;
  const { db, signal } = context;
  const group = run.group;
  const before = run.state === 'planned' ? await stagingAlready(db, upstream, run.id) : [];
  if (before.length > 0) return await again(on, round, before);
  await openGroupProgress(db, group, { code: 'replicate.plan', message: 'Planning replication', total: round });
  await db.run(sql`update replication_run set round = ${round} where pulp_id = ${run.id}`);
  await settleSyncs(db, run.id);
  const failures = await failuresOf(db, run.id);
  if (failures.length > 0 && upstream.onFailure === 'abort') return await giveUp(on, failures);
  const q = run.selective ? run.q : upstream.qSelect;
  const failed = new Map(failures.map(({ key, error }) => [key, error]));
  const prepared = await preparePlan(context, parts, upstream, { q, selective: run.selective, failed, signal });
  await addGroupProgress(db, group, 'replicate.plan');
  const { conflicts } = prepared.plan;
  if (conflicts.length > 0 && upstream.onFailure === 'abort') return await block(on, prepared);
  await requireRights(context, context.task.userId, upstream.id, prepared);
  const stale = prepared.plan.items.filter((item) => item.needsSync);
  await stageItems(on, prepared);
  if (stale.length === 0) return await conclude(on, prepared);
  if (round >= MOST_ROUNDS) return await tooLate(on, stale);
  await startSyncs(on, stale);
}

/** Nothing was written but the run itself. */
async function block({ context, run, upstream }: Advance, { plan }: Prepared): Promise<never> {
  const rows: ItemRow[] = plan.items
    .filter(({ act }) => act !== 'unchanged')
    .map((item) => ({ item, state: item.act === 'conflict' ? 'conflict' : 'planned', target: {} }));
  const error = conflictsFound(upstream.name, plan.conflicts);
  await context.write(async (tx) => {
    await writeItems(tx, run.id, rows);
    await changeRun(tx, run.id, {
      state: 'blocked',
      summary: plan.summary,
      error: { message: error.message, conflicts: plan.conflicts },
    });
  });
  throw error;
}

async function giveUp(
  { context, run, upstream }: Advance,
  failures: Awaited<ReturnType<typeof failuresOf>>,
): Promise<never> {
  const error = itemsFailed(upstream.name, failures);
  await changeRun(context.db, run.id, { state: 'failed', error: { message: error.message, failures } });
  throw error;
}

const IDLE = new Set(['unchanged', 'conflict', 'skipped']);

/** Stores and items in one transaction: a run that is cut off has both or none. */
async function stageItems({ context, upstream, run }: Advance, { plan, local }: Prepared): Promise<void> {
  const used = plan.items.filter(({ act, wanted }) => wanted && !IDLE.has(act));
  const distributions = new Map(local.distributions.map((one) => [one.id, one]));
  await context.write(async (tx) => {
    const before = await formerActs(tx, run.id);
    const stores = await stageStores(tx, { upstream, local, secrets: context.secrets }, used);
    const rows = plan.items
      .filter(({ act }) => act !== 'unchanged')
      .map((item): ItemRow => {
        const target = targetOf(item, distributions, upstream.id, stores.get(item.key));
        const known = before.get(item.key);
        // What was fetched in an earlier round only has to be pointed at now, but that is not all the run has done.
        const act = item.act === 'flip' && known ? known.act : item.act;
        const kept =
          act !== item.act
            ? { ...item, act, old: { ...known!.old, ...item.old }, new: { ...known!.new, ...item.new } }
            : item;
        return { item: kept, state: stateOf(item), target };
      });
    await writeItems(tx, run.id, rows);
    await changeRun(tx, run.id, { state: 'staging', summary: plan.summary });
  });
}

async function formerActs(tx: TaskContext['db'] | Parameters<Parameters<TaskContext['write']>[0]>[0], runId: string) {
  type Former = { key: string; act: PlanItem['act']; old: PlanItem['old']; new: PlanItem['new'] };
  const rows = await tx.rows<Former>(
    sql`select key, act, old, new from replication_item where run_id = ${runId} and attempts > 0`,
  );
  return new Map(rows.map((row) => [row.key, row]));
}

function stateOf(item: PlanItem): string {
  if (item.act === 'conflict') return 'conflict';
  if (item.act === 'skipped') return item.wanted ? 'failed' : 'skipped';
  return item.needsSync ? 'planned' : 'staged';
}

/** One task of the type's own sync for each item, all in the group of the run; then this task again. */
async function startSyncs(on: Advance, items: readonly PlanItem[]): Promise<void> {
  const { context, parts, upstream, run, round } = on;
  const ids = await itemIds(context.db, run.id);
  const message = 'Syncing repositories';
  await openGroupProgress(context.db, run.group, {
    code: 'replicate.sync',
    message,
    total: await totalSyncs(on, items),
  });
  const stores = await storesOf(on);
  await forEachConcurrent(items, DISPATCHED_AT_ONCE, async (item) => {
    const { id } = ids.get(item.key)!;
    const { repository, remote } = stores.get(item.key)!;
    const type = item.wanted!.repositoryType;
    const task = await context.dispatch({
      name: parts.syncTasks.get(type)!,
      args: {
        repository,
        remote,
        options: item.wanted!.sync,
        record: { item: id, publish: needsPublication(parts, item) },
      },
      exclusive: [context.models.prnOfType('repository', type, repository)],
      shared: [context.models.prnOfType('remote', item.wanted!.remoteType, remote), upstreamPrn(upstream.id)],
      taskGroup: run.group,
    });
    await context.db.run(sql`update replication_item set task_id = ${task.pulpId}, attempts = attempts + 1,
      state = case when state = 'planned' then 'staging' else state end where id = ${id}`);
  });
  await again(on, round + 1);
}

/** Types that serve publications alone; others serve the version itself. */
function needsPublication({ replicators }: ReplicationParts, { type }: PlanItem): boolean {
  return replicators.some(({ distribution }) => distribution.pulpType === type && distribution.servesPublications);
}

async function totalSyncs({ context, run }: Advance, items: readonly PlanItem[]): Promise<number> {
  const row = await context.db.row<{ done: number }>(sql`
    select coalesce(max(done), 0)::integer as done from group_progress_report where task_group_id = ${run.group} and code = 'replicate.sync'`);
  return row!.done + items.length;
}

async function storesOf({ context, run }: Advance): Promise<Map<string, { repository: string; remote: string }>> {
  const rows = await context.db.rows<{ key: string; repository: string; remote: string }>(sql`
    select key, target -> 'repository' ->> 'id' as repository, target -> 'remote' ->> 'id' as remote
      from replication_item where run_id = ${run.id} and target ? 'repository'`);
  return new Map(rows.map((row) => [row.key, row]));
}

async function tooLate(on: Advance, stale: readonly PlanItem[]): Promise<void> {
  const error = `what it serves upstream changed in each of ${MOST_ROUNDS} rounds`;
  await markFailed(
    on,
    stale.map(({ key }) => key),
    error,
  );
  if (on.upstream.onFailure === 'abort') return await giveUp(on, await failuresOf(on.context.db, on.run.id));
  await again(on, 1);
}

async function markFailed({ context, run }: Advance, keys: readonly string[], error: string): Promise<void> {
  await context.db.run(
    sql`update replication_item set state = 'failed', error = ${error} where run_id = ${run.id} and key = any(${keys}::text[])`,
  );
}

/** What is not what upstream serves has to be fetched again. */
async function forgetFetched({ context, run }: Advance, keys: readonly string[]): Promise<void> {
  await context.db.run(sql`update replication_holding h set watermark = null from replication_item i
    where i.run_id = ${run.id} and i.key = any(${keys}::text[]) and h.repository_id = (i.target -> 'repository' ->> 'id')::uuid`);
}

/** After what is queued for this upstream, and for those others. */
async function again(
  { context, upstream, run }: Advance,
  round: number,
  others: readonly string[] = [],
): Promise<void> {
  const { exclusive } = advanceLocks(context.domain.pulpId, upstream.id);
  await context.dispatch({
    name: REPLICATE,
    args: { run: run.id, round } satisfies AdvanceArgs,
    exclusive: [...new Set([...exclusive, ...others.map(upstreamPrn)])],
    taskGroup: run.group,
  });
}

/** Everything is here: compares numbers with upstream's, then leaves the rest to the switch, or to whoever activates by hand. */
async function conclude(on: Advance, prepared: Prepared): Promise<void> {
  const { context, parts, upstream, run } = on;
  const wrong = await verifyFetched(context, parts.replicators, upstream, run.id, prepared.plan.items);
  if (wrong.length > 0) {
    for (const { key, error } of wrong) await markFailed(on, [key], error);
    await forgetFetched(
      on,
      wrong.map(({ key }) => key),
    );
    if (upstream.onFailure === 'abort') return await giveUp(on, await failuresOf(context.db, run.id));
    return await again(on, 1);
  }
  if (!hasSwitch(prepared)) return await context.write((tx) => endRun(tx, context, run));
  if (upstream.activate === 'manual') {
    return await changeRun(context.db, run.id, { state: 'ready', summary: prepared.plan.summary });
  }
  await context.dispatch({
    name: FINALIZE,
    args: { run: run.id },
    ...finalizeLocks(context.domain.pulpId, upstream.id),
    taskGroup: run.group,
  });
}

function hasSwitch({ plan }: Prepared): boolean {
  return plan.items.some(({ act }) => !IDLE.has(act));
}
