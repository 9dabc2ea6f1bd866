/** Makes the repositories and remotes of a plan and notes what is to be done to each object; nothing of it is served yet. */

import { markFailed } from '../../../model/replication/item.ts';
import { changeRun } from '../../../model/replication/run.ts';
import type { PlanItem } from '../plan/plan-types.ts';
import type { Prepared } from '../prepare-plan.ts';
import { formerActs, type ItemRow, writeItems } from '../run/items.ts';
import { targetOf } from '../run/targets.ts';
import { failuresOf } from '../stage/settle-syncs.ts';
import { stageStores } from '../stage/stage-stores.ts';
import { giveUp } from './give-up.ts';
import type { Here, Next, Step } from './step.ts';

/** Rounds of syncs: an upstream that changes all the time is not followed for ever. */
const MOST_ROUNDS = 12;

export const stageItems: Step<'staging'> = async (here, { prepared }) => {
  await stage(here, prepared);
  const stale = prepared.plan.items.filter((item) => item.needsSync);
  if (stale.length === 0) return { state: 'verifying', prepared };
  return here.round < MOST_ROUNDS ? { state: 'fetching', stale } : await tooLate(here, stale);
};

/** Of acts that change nothing here. */
const IDLE = new Set(['unchanged', 'conflict', 'skipped']);

export function hasSwitch({ plan }: Prepared): boolean {
  return plan.items.some(({ act }) => !IDLE.has(act));
}

/** Stores and items in one transaction: a run that is cut off has both or none. */
async function stage({ context, upstream, run }: Here, { plan, local }: Prepared): Promise<void> {
  const used = plan.items.filter(({ act, wanted }) => wanted && !IDLE.has(act));
  const distributions = new Map(local.distributions.map((one) => [one.id, one]));
  await context.write(async (tx) => {
    const before = await formerActs(tx, run.id);
    const stores = await stageStores(tx, { upstream, local, secrets: context.secrets }, used);
    const rows = plan.items
      .filter(({ act }) => act !== 'unchanged')
      .map((item): ItemRow => {
        const target = targetOf(item, distributions, upstream.id, stores.get(item.key));
        return { item: withFormer(item, before.get(item.key)), state: stateOf(item), target };
      });
    await writeItems(tx, run.id, rows);
    await changeRun(tx, run.id, { state: 'staging', summary: plan.summary });
  });
}

/** What was fetched in an earlier round only has to be pointed at now, but that is not all the run has done. */
function withFormer(item: PlanItem, known: Pick<PlanItem, 'act' | 'old' | 'new'> | undefined): PlanItem {
  if (item.act !== 'flip' || !known || known.act === 'flip') return item;
  return { ...item, act: known.act, old: { ...known.old, ...item.old }, new: { ...known.new, ...item.new } };
}

function stateOf(item: PlanItem): string {
  if (item.act === 'conflict') return 'conflict';
  if (item.act === 'skipped') return item.wanted ? 'failed' : 'skipped';
  return item.needsSync ? 'planned' : 'staged';
}

async function tooLate({ context, run, upstream }: Here, stale: readonly PlanItem[]): Promise<Next> {
  const error = `what it serves upstream changed in each of ${MOST_ROUNDS} rounds`;
  const failures = stale.map(({ key }) => ({ key, error }));
  await markFailed(context.db, run.id, failures);
  if (upstream.onFailure === 'abort') return giveUp(upstream, await failuresOf(context.db, run.id));
  return { state: 'queued', round: 1 };
}
