/** Lets the kind of a task remove what one that was cut off has left. */
import type { Services } from '../../plugin-api/contracts/context.ts';
import type { RunnableTask } from '../queue/task-row.ts';
import { argumentsOf, type TaskFunctions } from './run-task.ts';

/** Never rejects: a failure is logged and no reason to keep the locks of the task. */
export async function undo(services: Services, functions: TaskFunctions, task: RunnableTask): Promise<void> {
  const cleanUp = functions.get(task.name)?.cleanUp;
  if (!cleanUp) return;
  try {
    await cleanUp(services, argumentsOf(services, task));
  } catch (error) {
    services.logger.error({ err: error }, `Leftovers of task ${task.pulp_id} (${task.name}) could not be removed.`);
  }
}
