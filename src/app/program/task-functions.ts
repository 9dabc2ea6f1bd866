/** The list of everything that can be dispatched as a task. */
import { writeTasks } from '../../api/engine/write-tasks.ts';
import type { Settings } from '../../config/settings.ts';
import { replicationTasks } from '../../engines/replication/tasks.ts';
import type { ContentArgs } from '../../engines/upload/content-request.ts';
import { createContent } from '../../engines/upload/create-content.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import { byName, type TaskFunctions } from '../../tasking/context/run-task.ts';
import { testTasks } from '../../tasking/context/test-tasks.ts';
import { purgeTask } from '../../tasking/queue/purge.ts';
import { installedPlugins } from '../installed-plugins.ts';
import { contentEngine, contentTasks } from './content-task-functions.ts';
import { replicationParts } from './replication.ts';
import { allResources } from './resources.ts';
import { scheduledTask } from './scheduled-task.ts';

function allTasks(): TaskFunction[] {
  const engine = contentEngine(installedPlugins);
  const createUnit = (context: TaskContext, content: object) => createContent(context, engine, content as ContentArgs);
  return [
    purgeTask,
    scheduledTask,
    ...writeTasks(allResources(), createUnit),
    ...contentTasks(installedPlugins),
    ...replicationTasks(replicationParts(installedPlugins)),
    ...installedPlugins.flatMap((plugin) => plugin.tasks ?? []),
  ];
}

export function taskFunctions(settings: Settings): TaskFunctions {
  return byName([...allTasks(), ...(settings.testTasks ? testTasks : [])]);
}
