/** Ends what processes that are no more have left behind: their registration, their tasks, their temporary files. */

import { sql } from '../../db/sql.ts';
import { storageStamp } from '../../model/domain.ts';
import { removeDirectory, taskDirectory, workerDirectory } from '../context/work-directory.ts';
import type { DispatchServices } from '../queue/dispatch.ts';
import { finishTask, releaseTask } from '../queue/queue.ts';
import { failedFor, type RunnableTask } from '../queue/task-row.ts';
import { removeMissing, type StatusRow } from './app-status.ts';

export const missingReason = 'Worker has gone missing.';

export interface CleanUp {
  readonly services: Pick<DispatchServices, 'db' | 'logger' | 'settings'>;
  /** Removes what a task that was cut off has left, as its kind knows; never rejects. */
  readonly undo: (task: RunnableTask) => Promise<void>;
  /** Lease of the process that cleans up. */
  readonly lease: number;
  /** Name of this host, whose temporary directories can be removed. */
  readonly host: string;
}

/** Safe to be called by any process at any time; several may do it at once. Returns the number of tasks ended. */
export async function cleanUpMissing(how: CleanUp): Promise<number> {
  const { db, logger, settings } = how.services;
  const removed = await removeMissing(db, how.lease);
  for (const process of removed) {
    logger.warn({}, `The ${process.app_type} process ${process.name} has gone missing.`);
  }
  const orphans = await db.rows<RunnableTask>(sql`
    select t.*, d.pulp_id as domain_pulp_id, d.name as domain_name, ${storageStamp('d')} as domain_storage_stamp
      from adopt_orphans(${how.lease}) t join domain d on d.id = t.domain_id`);
  for (const task of orphans) await endOrphan(how, task);
  for (const process of removed) {
    if (isOurs(how, process)) await removeDirectory(workerDirectory(settings, process.name));
  }
  return orphans.length;
}

function isOurs(how: CleanUp, process: StatusRow): boolean {
  return process.app_type === 'worker' && process.host === how.host;
}

async function endOrphan(how: CleanUp, task: RunnableTask): Promise<void> {
  const { services } = how;
  await how.undo(task);
  if (task.worker) await removeDirectory(taskDirectory(services.settings, task.worker, task.pulp_id));
  const state = await finishTask(services.db, task.id, -how.lease, failedFor(missingReason));
  if (!state) return;
  services.logger.warn({}, `Task ${task.pulp_id} (${task.name}) has ended as ${state}: ${missingReason}`);
  await releaseTask(services.db, task.id);
}
