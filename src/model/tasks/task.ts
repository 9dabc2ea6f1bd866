/** Writes to rows of tasks beside the functions of the queue (0002-tasking.sql). */
import type { Queryable, Transaction } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';

/** Adds to what a task has made: PRNs. */
export async function recordCreated(tx: Transaction, taskId: number, names: readonly string[]): Promise<void> {
  await tx.run(sql`update task set created_resources = created_resources || ${names}::text[] where id = ${taskId}`);
}

/** Flushes to disk what is known of a task; false when the database knows none. */
export async function flushTask(db: Queryable, taskId: number): Promise<boolean> {
  return (await db.run(sql`update task set lease = lease where id = ${taskId}`)) > 0;
}

/** Makes the creator owner again or no longer; false when he was so already or is not the creator. */
export async function setTaskOwner(db: Queryable, pulpId: string, userId: number, owns: boolean): Promise<boolean> {
  const changed = await db.run(sql`update task set creator_is_owner = ${owns}
    where pulp_id = ${pulpId} and created_by = ${userId} and creator_is_owner <> ${owns}`);
  return changed > 0;
}

/** Keeps what was recorded of a task under a name, as an artifact. */
export async function putProfile(db: Queryable, taskId: number, name: string, artifactId: number): Promise<void> {
  await db.run(sql`insert into task_profile (task_id, name, artifact_id) values (${taskId}, ${name}, ${artifactId})
    on conflict (task_id, name) do update set artifact_id = excluded.artifact_id`);
}

/** Removes at most so many tasks `t` that meet a condition, with their reports; answers how many of both went. */
export async function removeTasks(
  tx: Transaction,
  condition: Sql,
  limit: number,
): Promise<{ tasks: number; reports: number }> {
  // Rows are locked in the order of the queue, and the reports counted before they go with their tasks.
  const batch = await tx.rows<{ pulp_id: string }>(sql`
    select t.pulp_id from task t where ${condition} order by t.id limit ${limit} for update skip locked`);
  const ids = batch.map((row) => row.pulp_id);
  const reports = await tx.run(sql`delete from progress_report where task_id = any (${ids}::uuid[])`);
  const tasks = await tx.run(sql`delete from task where pulp_id = any (${ids}::uuid[])`);
  return { tasks, reports };
}

/** Ends everything in the queue and forgets all processes: nothing may be running. Answers how many tasks were canceled. */
export async function cancelEverything(tx: Transaction, reason: string): Promise<number> {
  await tx.run(
    sql`select discard_incomplete_results(task) from task where state in ('waiting', 'running', 'canceling')`,
  );
  await tx.run(sql`update progress_report set state = 'canceled'
    from task where task.pulp_id = task_id and task.state in ('waiting', 'running', 'canceling')
      and progress_report.state in ('waiting', 'running', 'canceling')`);
  const count = await tx.run(sql`update task set state = 'canceled', finished_at = clock_timestamp(), arguments = null,
      error = ${sql.json({ reason })} where state in ('waiting', 'running', 'canceling')`);
  await tx.run(sql`delete from task_resource`);
  await tx.run(sql`delete from app_status`);
  return count;
}
