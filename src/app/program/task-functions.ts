/** The list of everything that can be dispatched as a task. */
import { writeTasks } from '../../api/engine/write-tasks.ts';
import type { Settings } from '../../config/settings.ts';
import { replicationTasks } from '../../engines/replication/tasks.ts';
import type { ContentArgs } from '../../engines/upload/content-request.ts';
import { createContent } from '../../engines/upload/create-content.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';
import { byName, type TaskFunctions } from '../../tasking/context/run-task.ts';
import { testTasks } from '../../tasking/context/test-tasks.ts';
import { purgeTask } from '../../tasking/queue/purge.ts';
import { contentEngine, contentTasks } from './content-task-functions.ts';
import type { Program } from './program.ts';
import { scheduledTask } from './scheduled-task.ts';

/** Those of the core and of the package types; with the setting `test_tasks` also those for tests of the queue. */
export function taskFunctions(program: Program, settings: Pick<Settings, 'testTasks'>): TaskFunctions {
  const engine = contentEngine(program);
  const createUnit = (context: TaskContext, content: object) => createContent(context, engine, content as ContentArgs);
  return byName([
    purgeTask,
    scheduledTask(program),
    ...writeTasks(program.resources, createUnit),
    ...contentTasks(program, engine),
    ...replicationTasks(program.replication),
    ...(settings.testTasks ? testTasks : []),
  ]);
}
