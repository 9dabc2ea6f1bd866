/** The last task of a run: switches everything that was staged, under the domain's lock on distributions. */
import type { Transaction } from '../../db/database.ts';
import { violatedUnique } from '../../db/errors.ts';
import { sql } from '../../db/sql.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import { prn } from '../../plugin-api/declare/model.ts';
import { addGroupProgress, openGroupProgress } from '../../tasking/queue/task-group.ts';
import {
  ChangedMeanwhile,
  changeDistributions,
  changeStores,
  type DistributionChange,
  type StoreChange,
  type SwitchItem,
} from './activate.ts';
import { CLEAN_UP, cleanUpLocks } from './clean-up-task.ts';
import { explainOverlap } from './explain-overlap.ts';
import { noLongerKept, type Stores } from './keep-for-rollback.ts';
import { replicationFailed } from './report.ts';
import { changeRun, findRun, type Run } from './run-store.ts';
import { requireAnnounced, switchTogether } from './switch-mark.ts';
import type { DistributionValues } from './targets.ts';

export const FINALIZE = 'pulpcore.app.tasks.replica.finalize_replication';

export interface FinalizeArgs {
  readonly run: string;
}

export function distributionsLock(domainPulpId: string): string {
  return `pdrn:${domainPulpId}:distributions`;
}

export function finalizeLocks(domainPulpId: string, upstreamId: string) {
  return { exclusive: [prn('core.upstreampulp', upstreamId), distributionsLock(domainPulpId)] };
}

export const finalizeTask: TaskFunction = {
  name: FINALIZE,
  async run(context, { run: runId }: FinalizeArgs) {
    const run = await findRun(context.db, runId);
    if (!run) throw new Error('The run has been deleted.');
    if (!['staging', 'ready'].includes(run.state)) return;
    await finalize(context, run);
  },
};

async function finalize(context: TaskContext, run: Run): Promise<void> {
  const items = await stagedItems(context, run);
  const group = context.task.taskGroup ?? run.group;
  const progress = { code: 'replicate.activate', message: 'Activating replicated distributions' };
  await openGroupProgress(context.db, group, { ...progress, total: items.length });
  const switched = await activate(context, run, items);
  await addGroupProgress(context.db, group, progress.code, items.length);
  const earlier = await noLongerKept(context.db, context.domain.id);
  const removed = {
    repositories: [...switched.repositories, ...earlier.repositories],
    remotes: [...switched.remotes, ...earlier.remotes],
  };
  if (removed.repositories.length + removed.remotes.length === 0) return;
  await context.dispatch({
    name: CLEAN_UP,
    args: removed,
    exclusive: await cleanUpLocks(context, removed),
    taskGroup: group,
  });
}

/** In the order of their ids, with what they hold now: made by this run or found to be what upstream serves. */
async function stagedItems({ db }: TaskContext, run: Run): Promise<(SwitchItem & Held)[]> {
  return await db.rows<SwitchItem & Held>(sql`
    select i.id, i.object, i.name, i.type, i.act, i.target, h.version_id as "versionId", h.publication_id as "publicationId",
      h.watermark
    from replication_item i left join replication_holding h on h.repository_id = (i.target -> 'repository' ->> 'id')::uuid
    where i.run_id = ${run.id} and i.state = 'staged' order by i.id`);
}

interface Held {
  readonly versionId: string | null;
  readonly publicationId: string | null;
  readonly watermark: string | null;
}

async function activate(context: TaskContext, run: Run, items: readonly (SwitchItem & Held)[]): Promise<Stores> {
  const changes = items.filter(({ object }) => object === 'distribution').map(changeOf);
  const gone = (object: string) => items.filter((item) => item.object === object).map((item) => String(item.target.id));
  const removed = { repositories: gone('repository'), remotes: gone('remote') };
  try {
    const work = () => context.write((tx) => switchAll(tx, context, run, items, changes, removed));
    if (changes.length === 0) await context.write((tx) => endRun(tx, context, run));
    else await switchTogether(context.db, context.domain.id, work);
  } catch (error) {
    throw await explained(context, run, changes, error);
  }
  return removed;
}

async function switchAll(
  tx: Transaction,
  context: TaskContext,
  run: Run,
  items: readonly SwitchItem[],
  changes: readonly DistributionChange[],
  removed: Stores,
): Promise<void> {
  await requireAnnounced(tx, context.domain.id);
  await pinFormer(tx, run, changes);
  await changeDistributions(tx, context.domain.id, changes);
  const stores = (what: 'repository' | 'remote') =>
    items.flatMap(({ target }) => (target[what] ? [target[what] as StoreChange & Record<string, unknown>] : []));
  await changeStores(tx, 'remote', stores('remote'), removed.remotes);
  await changeStores(tx, 'repository', stores('repository'), removed.repositories);
  for (const change of changes) {
    if (change.before === null) context.created(context.models.prnOfType('distribution', change.type, change.id));
  }
  await endRun(tx, context, run);
}

/** Keeps the versions that were served, for as long as this run can be taken back, instead of those of the run before. */
async function pinFormer(tx: Transaction, run: Run, changes: readonly DistributionChange[]): Promise<void> {
  await tx.run(sql`delete from replication_pin where run_id in (
    select pulp_id from replication_run where upstream_id = ${run.upstreamId} and pulp_id <> ${run.id})`);
  const versions = changes.map(({ before }) => before?.repository_version_id).filter(Boolean);
  const publications = changes.map(({ before }) => before?.publication_id).filter(Boolean);
  // One that served a repository as it grew returns to that: its newest version stays.
  const repositories = changes.map(({ before }) => before?.repository_id).filter(Boolean);
  await tx.run(sql`insert into replication_pin (run_id, version_id)
    select ${run.id}, v.pulp_id from repository_version v where v.pulp_id = any(${versions}::uuid[])
      or v.pulp_id in (select repository_version_id from publication where pulp_id = any(${publications}::uuid[]))
      or v.id in (select max(n.id) from repository r join repository_version n on n.repository_id = r.id and n.complete
        where r.pulp_id = any(${repositories}::uuid[]) group by r.id)
    on conflict do nothing`);
}

/** The run is over, with whatever could not be done in it; a complete one sets the time of the last replication. */
export async function endRun(tx: Transaction, context: TaskContext, run: Run): Promise<void> {
  await tx.run(sql`update replication_item set state = 'active' where run_id = ${run.id} and state = 'staged'`);
  const left = await tx.row<{ count: number }>(sql`
    select count(*)::integer as count from replication_item where run_id = ${run.id} and state in ('failed', 'conflict', 'excluded')`);
  await changeRun(tx, run.id, { state: left!.count > 0 ? 'partial' : 'active' });
  await tx.run(sql`update replication_run set activated_at = now() where pulp_id = ${run.id}`);
  if (run.selective) return;
  await tx.run(
    sql`update upstream_pulp set last_replication = ${run.startedAt} where pulp_id = ${run.upstreamId} and domain_id = ${context.domain.id}`,
  );
}

function changeOf(item: SwitchItem & Held): DistributionChange {
  const { target, act, type, name } = item;
  const base = {
    id: String(target.distribution),
    type,
    label: `${type} distribution '${name}'`,
    before: target.before ?? null,
  };
  if (act === 'delete') return { ...base, after: null };
  if (item.versionId === null || item.watermark !== target.watermark) {
    throw new ChangedMeanwhile([`the repository of ${base.label}`]);
  }
  const pointers = { repository_version_id: item.versionId, pinned_publication_id: item.publicationId };
  return { ...base, after: { ...target.after, ...pointers } as DistributionValues, defaultGuard: target.defaultGuard };
}

/** A switch that did not happen, with everything that stood against it by name. */
async function explained(
  context: TaskContext,
  run: Run,
  changes: readonly DistributionChange[],
  error: unknown,
): Promise<unknown> {
  if (context.signal.aborted) return error;
  const upstream = await context.db.row<{ name: string }>(
    sql`select name from upstream_pulp where pulp_id = ${run.upstreamId}`,
  );
  const name = upstream?.name ?? run.upstreamId;
  const reasons =
    error instanceof ChangedMeanwhile
      ? error.names.map((one) => `${one} was changed here since the plan was made; run the replication again`)
      : violatedUnique(error) !== undefined
        ? await explainOverlap(context, changes)
        : undefined;
  const told = reasons
    ? replicationFailed(`nothing of upstream '${name}' was switched:\n${reasons.map((one) => `  ${one}`).join('\n')}`, {
        reasons,
      })
    : error;
  const message = told instanceof Error ? told.message : String(told);
  await changeRun(context.db, run.id, { state: 'failed', error: { message, ...(reasons && { reasons }) } });
  return told;
}
