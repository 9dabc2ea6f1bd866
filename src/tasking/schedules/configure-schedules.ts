/** Keeps the schedules that the settings ask for: regular removal of what is older than its protection time. */
import type { Settings } from '../../config/settings.ts';
import type { Database } from '../../db/database.ts';
import { deleteBuiltIn, putBuiltIn } from '../../model/tasks/schedule.ts';
import type { TaskFunctions } from '../context/run-task.ts';

/** Name, task and interval in minutes; names and tasks are those of Pulp. */
function wanted(settings: Settings): [what: string, task: string, minutes: number][] {
  return [
    ['uploads', 'pulpcore.app.tasks.orphan.upload_cleanup', settings.uploadProtectionTime],
    ['shared temporary files', 'pulpcore.app.tasks.orphan.tmpfile_cleanup', settings.tmpfileProtectionTime],
    ['tasks', 'pulpcore.app.tasks.purge.purge', settings.taskProtectionTime],
    ['content', 'pulpcore.app.tasks.orphan.orphan_cleanup', settings.orphanProtectionTime],
  ];
}

/** An existing schedule keeps its next run; one whose protection time is 0, or whose task is unknown here, goes. */
export async function configureSchedules(
  db: Database,
  settings: Settings,
  functions: Pick<TaskFunctions, 'has'>,
): Promise<void> {
  await db.transaction(async (tx) => {
    for (const [what, task, minutes] of wanted(settings)) {
      const name = `Clean up stale ${what} periodically`;
      if (minutes <= 0 || !functions.has(task)) {
        await deleteBuiltIn(tx, name);
        continue;
      }
      await putBuiltIn(tx, name, task, minutes);
    }
  });
}
