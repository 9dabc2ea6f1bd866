/** Takes stock of the syncs of the round before, then compares anew what upstream has with what is here. */

import { noteRound } from '../../../model/replication/run.ts';
import { addGroupProgress, openGroupProgress } from '../../../model/tasks/task-group.ts';
import { preparePlan } from '../prepare-plan.ts';
import { requireRights } from '../rights.ts';
import { failuresOf, settleSyncs } from '../stage/settle-syncs.ts';
import { giveUp } from './give-up.ts';
import type { Step } from './step.ts';

export const planRound: Step<'planning'> = async ({ context, parts, upstream, run, round }) => {
  const { db, signal } = context;
  await openGroupProgress(db, run.group, { code: 'replicate.plan', message: 'Planning replication', total: round });
  await noteRound(db, run.id, round);
  await settleSyncs(db, run.id);
  const failures = await failuresOf(db, run.id);
  if (failures.length > 0 && upstream.onFailure === 'abort') return giveUp(upstream, failures);
  const q = run.selective ? run.q : upstream.qSelect;
  const failed = new Map(failures.map(({ key, error }) => [key, error]));
  const prepared = await preparePlan(context, parts, upstream, { q, selective: run.selective, failed, signal });
  await addGroupProgress(db, run.group, 'replicate.plan');
  if (prepared.plan.conflicts.length > 0 && upstream.onFailure === 'abort') return { state: 'blocked', prepared };
  await requireRights(context, upstream.id, prepared);
  return { state: 'staging', prepared };
};
