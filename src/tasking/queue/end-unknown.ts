/** Ends tasks that the database holds for this process and that it never began, because the answer to it got lost. */
import type { Services } from '../../plugin-api/contracts/context.ts';
import type { HeldTask } from '../worker/register-process.ts';
import { finishSurely } from './finish-surely.ts';
import { releaseTask } from './queue.ts';
import { failedFor } from './task-row.ts';

/** Seconds after which the answer that would have begun a task is taken for lost. */
const lostAfter = 30;

export async function endUnknown(
  services: Pick<Services, 'db' | 'logger'>,
  lease: number,
  held: readonly HeldTask[],
  isRunning: (task: HeldTask) => boolean,
): Promise<void> {
  for (const task of held) {
    if (task.age < lostAfter || isRunning(task)) continue;
    await finishSurely(services, task, lease, failedFor('The task was not started.'));
    await releaseTask(services.db, task.id).catch(() => {});
  }
}
