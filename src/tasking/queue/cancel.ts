/** Cancels tasks: waiting ones at once, running ones by telling the process that runs them. */
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { cancelEverything } from '../../model/tasks/task.ts';
import { allTasksDispatched, noMoreMembers } from '../../model/tasks/task-group.ts';
import { cancelChannel, releaseTask } from './queue.ts';
import type { TaskRow } from './task-row.ts';

/** The task as it is now, in `canceled` or `canceling`; undefined when there is none or it had ended before. */
export async function cancelTask(db: Database, pulpId: string): Promise<TaskRow | undefined> {
  const task = await db.row<TaskRow>(sql`select * from cancel_task(${pulpId}::uuid)`);
  if (!task) return undefined;
  if (task.state === 'canceling') await db.notify(cancelChannel, pulpId);
  else {
    await releaseTask(db, task.id);
    // what would have filled the group never begins
    if (task.task_group_id) await noMoreMembers(db, task.task_group_id);
  }
  return task;
}

/** Cancels every unfinished member of a group, newest first so that none starts only because an earlier one has ended. */
export async function cancelGroup(db: Database, groupId: string): Promise<TaskRow[]> {
  await allTasksDispatched(db, groupId);
  const members = await db.rows<{ pulp_id: string }>(sql`
    select pulp_id from task where task_group_id = ${groupId}::uuid and state in ('waiting', 'running') order by id desc`);
  const canceled: TaskRow[] = [];
  for (const { pulp_id } of members) {
    const task = await cancelTask(db, pulp_id);
    if (task) canceled.push(task);
  }
  return canceled;
}

/** Ends everything in the queue, as after a restore: no process may be running a task of this database. */
export async function cancelUnfinished(db: Database, reason: string): Promise<number> {
  return await db.transaction((tx) => cancelEverything(tx, reason));
}
