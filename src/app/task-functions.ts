/** The list of everything that can be dispatched as a task. */
import type { Settings } from '../config/settings.ts';
import type { TaskFunction } from '../plugin-api/task.ts';
import { purgeTask } from '../tasking/purge.ts';
import { byName, type TaskFunctions } from '../tasking/run-task.ts';
import { testTasks } from '../tasking/test-tasks.ts';

const functions: readonly TaskFunction[] = [purgeTask];

export function taskFunctions(settings: Settings): TaskFunctions {
  return byName([...functions, ...(settings.testTasks ? testTasks : [])]);
}
