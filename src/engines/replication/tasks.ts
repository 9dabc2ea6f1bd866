/** The tasks of replication. */
import type { TaskFunction } from '../../plugin-api/contracts/task.ts';
import { replicateTask } from './advance-task.ts';
import { cleanUpTask } from './clean-up-task.ts';
import { finalizeTask } from './finalize-task.ts';
import type { ReplicationParts } from './prepare-plan.ts';
import { rollbackTask } from './rollback-task.ts';

export function replicationTasks(parts: ReplicationParts): TaskFunction[] {
  return [replicateTask(parts), finalizeTask, cleanUpTask, rollbackTask];
}
