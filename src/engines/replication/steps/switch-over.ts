/** Switches everything that was staged, in one transaction under the domain's lock on distributions. */
import type { Transaction } from '../../../db/database.ts';
import { violatedUnique } from '../../../db/errors.ts';
import { sql } from '../../../db/sql.ts';
import { noLongerKept, type Stores } from '../../../model/replication/kept-stores.ts';
import { endRun, pinFormer, type Run } from '../../../model/replication/run.ts';
import { changeStores, type StoreChange } from '../../../model/replication/switch.ts';
import { addGroupProgress, openGroupProgress } from '../../../model/tasks/task-group.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';
import { replicationFailed } from '../run/report.ts';
import type { DistributionValues } from '../run/targets.ts';
import { ChangedMeanwhile, changeDistributions, type DistributionChange, type SwitchItem } from '../switch/activate.ts';
import { explainOverlap } from '../switch/explain-overlap.ts';
import { requireAnnounced, switchTogether } from '../switch/switch-mark.ts';
import type { Next, Step } from './step.ts';

/** What the switch has left without use goes in a task of its own, which holds it. */
export const switchOver: Step<'switching'> = async ({ context, run, upstream }) => {
  const items = await stagedItems(context, run);
  const progress = { code: 'replicate.activate', message: 'Activating replicated distributions' };
  await openGroupProgress(context.db, run.group, { ...progress, total: items.length });
  const changes = items.filter(({ object }) => object === 'distribution').map(changeOf);
  const gone = (object: string) => items.filter((item) => item.object === object).map((item) => String(item.target.id));
  const left = { repositories: gone('repository'), remotes: gone('remote') };
  try {
    await activate(context, run, { items, changes, left });
  } catch (error) {
    return await explained(context, upstream.name, changes, error);
  }
  await addGroupProgress(context.db, run.group, progress.code, items.length);
  const earlier = await noLongerKept(context.db, context.domain.id);
  const removed = {
    repositories: [...left.repositories, ...earlier.repositories],
    remotes: [...left.remotes, ...earlier.remotes],
  };
  return removed.repositories.length + removed.remotes.length > 0 ? { state: 'cleaning', removed } : undefined;
};

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

interface Switch {
  readonly items: readonly SwitchItem[];
  readonly changes: readonly DistributionChange[];
  /** What is left without use. */
  readonly left: Stores;
}

async function activate(context: TaskContext, run: Run, all: Switch): Promise<void> {
  if (all.changes.length === 0) return await context.write((tx) => endRun(tx, context.domain.id, run));
  await switchTogether(context.db, context.domain.id, () => context.write((tx) => switchAll(tx, context, run, all)));
}

async function switchAll(
  tx: Transaction,
  context: TaskContext,
  run: Run,
  { items, changes, left }: Switch,
): Promise<void> {
  await requireAnnounced(tx, context.domain.id);
  await pinFormer(tx, run, {
    versions: changes.map(({ before }) => before?.repository_version_id).filter(Boolean),
    publications: changes.map(({ before }) => before?.publication_id).filter(Boolean),
    repositories: changes.map(({ before }) => before?.repository_id).filter(Boolean),
  });
  await changeDistributions(tx, context.domain.id, changes);
  const stores = (what: 'repository' | 'remote') =>
    items.flatMap(({ target }) => (target[what] ? [target[what] as StoreChange & Record<string, unknown>] : []));
  await changeStores(tx, 'remote', stores('remote'), left.remotes);
  await changeStores(tx, 'repository', stores('repository'), left.repositories);
  for (const change of changes) {
    if (change.before === null) context.created(context.models.prnOfType('distribution', change.type, change.id));
  }
  await endRun(tx, context.domain.id, run);
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
  upstreamName: string,
  changes: readonly DistributionChange[],
  error: unknown,
): Promise<Next> {
  if (context.signal.aborted) throw error;
  const reasons =
    error instanceof ChangedMeanwhile
      ? error.names.map((one) => `${one} was changed here since the plan was made; run the replication again`)
      : violatedUnique(error) !== undefined
        ? await explainOverlap(context, changes)
        : undefined;
  if (!reasons) throw error;
  const told = `nothing of upstream '${upstreamName}' was switched:\n${reasons.map((one) => `  ${one}`).join('\n')}`;
  return { state: 'failed', error: replicationFailed(told, { reasons }), details: { reasons } };
}
