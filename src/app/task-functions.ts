/** The list of everything that can be dispatched as a task. */
import { writeTasks } from '../api/engine/write-tasks.ts';
import type { Settings } from '../config/settings.ts';
import type { TaskContext, TaskFunction } from '../plugin-api/task.ts';
import { replicationTasks } from '../replication/tasks.ts';
import { purgeTask } from '../tasking/purge.ts';
import { byName, type TaskFunctions } from '../tasking/run-task.ts';
import { testTasks } from '../tasking/test-tasks.ts';
import type { ContentArgs } from '../upload/content-request.ts';
import { createContent } from '../upload/create-content.ts';
import { contentEngine, contentTasks } from './content-task-functions.ts';
import { installedPlugins } from './installed-plugins.ts';
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
