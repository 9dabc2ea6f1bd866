/** The tasks of replication. */

import { findRun } from '../../model/replication/run.ts';
import { isRun, type Trait } from '../../model/replication/run-states.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import type { ReplicationParts } from './replication-parts.ts';
import { FINALIZE, REPLICATE } from './run/run-tasks.ts';
import type { Here, Next } from './steps/step.ts';
import { carryOn } from './steps/steps.ts';
import { cleanUpTask } from './switch/clean-up-task.ts';
import { rollbackTask } from './switch/rollback-task.ts';
import { findUpstream } from './upstream/upstream.ts';

export function replicationTasks(parts: ReplicationParts): TaskFunction[] {
  return [
    {
      name: REPLICATE,
      run: (context, { run, round }: { run: string; round: number }) =>
        carryOnIn(context, parts, { run, round }, 'advancing', { state: 'queued', round }),
    },
    {
      name: FINALIZE,
      run: (context, { run }: { run: string }) =>
        carryOnIn(context, parts, { run, round: 0 }, 'switchable', { state: 'switching' }),
    },
    cleanUpTask,
    rollbackTask,
  ];
}

/** A run that has got further meanwhile, or was ended, is left alone. */
async function carryOnIn(
  context: TaskContext,
  parts: ReplicationParts,
  args: { readonly run: string; readonly round: number },
  needed: Trait,
  from: Next,
): Promise<void> {
  const run = await findRun(context.db, args.run);
  const upstream = run && (await findUpstream(context.db, context.secrets, context.domain.id, run.upstreamId));
  if (!run || !upstream) throw new Error('The run or its upstream has been deleted.');
  const here: Here = { context, parts, upstream, run, round: args.round };
  if (isRun(run.state, needed)) await carryOn(here, from);
}
