/** Groups of tasks and the progress that their members share. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';

export async function createTaskGroup(db: Queryable, domainId: number, description: string): Promise<string> {
  const pulpId = uuid7();
  await db.run(sql`
    insert into task_group (pulp_id, domain_id, description) values (${pulpId}, ${domainId}, ${description})`);
  return pulpId;
}

/** To be called when no more members come from outside; a running member may still add some. */
export async function allTasksDispatched(db: Queryable, groupId: string): Promise<void> {
  await db.run(sql`update task_group set all_tasks_dispatched = true where pulp_id = ${groupId}::uuid`);
}

/** No more members come to a group all of whose tasks have ended, be it before their time. */
export async function noMoreMembers(db: Queryable, groupId: string): Promise<void> {
  await db.run(sql`update task_group set all_tasks_dispatched = true where pulp_id = ${groupId}::uuid
    and not exists (select from task where task_group_id = ${groupId}::uuid and state in ('waiting', 'running', 'canceling'))`);
}

/** No more members come to any group, while no task runs. */
export async function allGroupsDispatched(db: Queryable): Promise<void> {
  await db.run(sql`update task_group set all_tasks_dispatched = true where not all_tasks_dispatched`);
}

interface GroupProgressOptions {
  code: string;
  message: string;
  total?: number | null;
  suffix?: string | null;
}

/** Opens a report of the group; one with the same code gets the new text and total and keeps what is done. */
export async function openGroupProgress(db: Queryable, groupId: string, options: GroupProgressOptions): Promise<void> {
  const { code, message, total = null, suffix = null } = options;
  await db.run(sql`
    insert into group_progress_report (pulp_id, task_group_id, message, code, total, suffix)
      values (${uuid7()}, ${groupId}::uuid, ${message}, ${code}, ${total}, ${suffix})
      on conflict (task_group_id, code) do update
        set message = excluded.message, total = excluded.total, suffix = excluded.suffix`);
}

export async function addGroupProgress(db: Queryable, groupId: string, code: string, units = 1): Promise<void> {
  await db.run(sql`
    update group_progress_report set done = done + ${units} where task_group_id = ${groupId}::uuid and code = ${code}`);
}
