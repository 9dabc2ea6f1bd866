/** Writes the end of a task however long the database is away, since nobody else does while this process is alive. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseUnavailable } from '../../db/errors.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import { logTrouble } from '../worker/log-trouble.ts';
import { finishTask } from './queue.ts';
import { failedFor, type Outcome, type TaskState } from './task-row.ts';

const longestPause = 5000;

/** The final state, or undefined when the lease does not hold the task any more. */
export async function finishSurely(
  services: Pick<Services, 'db' | 'logger'>,
  task: { readonly id: number; readonly pulp_id: string },
  lease: number,
  outcome: Outcome,
): Promise<TaskState | undefined> {
  let toWrite = outcome;
  for (let pause = 200; ; pause = Math.min(pause * 2, longestPause)) {
    try {
      return await finishTask(services.db, task.id, lease, toWrite);
    } catch (error) {
      logTrouble(services.logger, error, `The end of task ${task.pulp_id} could not be written yet.`);
      // What the database refuses once it refuses again: then at least the task ends.
      if (!(error instanceof DatabaseUnavailable)) {
        toWrite = { ...failedFor('The result of the task could not be stored.'), created: outcome.created };
      }
    }
    await sleep(pause);
  }
}
