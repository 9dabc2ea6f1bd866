/** The way of a run: for each state the step that leads out of it, and the task in which that runs. */
import { wordsOf } from '../../../db/errors.ts';
import { changeRun, findRun } from '../../../model/replication/run.ts';
import { isRun } from '../../../model/replication/run-states.ts';
import type { TaskRequest } from '../../../plugin-api/contracts/context.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';
import {
  advanceLocks,
  CLEAN_UP,
  cleanUpLocks,
  FINALIZE,
  finalizeLocks,
  REPLICATE,
  upstreamPrn,
} from '../run/run-tasks.ts';
import { block, end, fail, makeReady } from './end.ts';
import { planRound } from './plan-round.ts';
import { stageItems } from './stage-items.ts';
import { startSyncs } from './start-syncs.ts';
import type { Given, Here, Next, StateName, Step } from './step.ts';
import { switchOver } from './switch-over.ts';
import { takeTurn } from './take-turn.ts';
import { verify } from './verify.ts';

type RunTask = Pick<TaskRequest, 'name' | 'args' | 'exclusive'>;

interface Entry<S extends StateName> {
  /** The task that does the step; without one it is done in that of the step before. */
  readonly task?: (here: Here, given: Given<S>) => RunTask | Promise<RunTask>;
  /** Absent where the task does without the run. */
  readonly step?: Step<S>;
}

const TABLE: { readonly [S in StateName]: Entry<S> } = {
  queued: { task: nextRound, step: takeTurn },
  planning: { step: planRound },
  staging: { step: stageItems },
  fetching: { step: startSyncs },
  verifying: { step: verify },
  switching: { task: theSwitch, step: switchOver },
  cleaning: { task: cleanUp },
  ready: { step: makeReady },
  over: { step: end },
  blocked: { step: block },
  failed: { step: fail },
};

function nextRound({ context, upstream, run }: Here, { round, after = [] }: Given<'queued'>): RunTask {
  const { exclusive } = advanceLocks(context.domain.pulpId, upstream.id);
  const args = { run: run.id, round };
  return { name: REPLICATE, args, exclusive: [...new Set([...exclusive, ...after.map(upstreamPrn)])] };
}

function theSwitch({ context, upstream, run }: Here): RunTask {
  return { name: FINALIZE, args: { run: run.id }, ...finalizeLocks(context.domain.pulpId, upstream.id) };
}

async function cleanUp({ context }: Here, { removed }: Given<'cleaning'>): Promise<RunTask> {
  return { name: CLEAN_UP, args: removed, exclusive: await cleanUpLocks(context, removed) };
}

/** Carries a run on from the state for which the running task was started, as far as it goes in this task. */
export async function carryOn(here: Here, from: Next): Promise<void> {
  const { context, run } = here;
  try {
    let next = await leave(here, from);
    while (next && !TABLE[next.state].task) next = await leave(here, next);
    if (next) await context.dispatch({ ...(await taskOf(here, next)), taskGroup: run.group });
  } catch (error) {
    // Cut off is not failed: the run can be carried on by the next one.
    if (!context.signal.aborted) await noteFailure(context, run.id, error);
    throw error;
  }
}

async function leave<S extends StateName>(here: Here, given: Given<S>): Promise<Next | undefined> {
  return await TABLE[given.state].step?.(here, given);
}

async function taskOf<S extends StateName>(here: Here, given: Given<S>): Promise<RunTask> {
  return await TABLE[given.state].task!(here, given);
}

async function noteFailure({ db }: TaskContext, runId: string, error: unknown): Promise<void> {
  const run = await findRun(db, runId);
  if (run && isRun(run.state, 'open')) {
    await changeRun(db, runId, { state: 'failed', error: { message: wordsOf(error) } });
  }
}
