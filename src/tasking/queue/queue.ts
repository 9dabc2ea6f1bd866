/** The moves of a task in the queue, each one call of a function of the database (0002-tasking.sql). */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { storageStamp } from '../../model/domain.ts';
import type { Holder, Outcome, RunnableTask, TaskState } from './task-row.ts';

/** Hint for workers: a task may be taken. */
export const readyChannel = 'task_ready';
/** Hint for the holder of a task that it shall be canceled; the payload is its pulp_id. */
export const cancelChannel = 'task_cancel';
/** `{"pulp_id": …, "state": …}` for those who show tasks. */
export const stateChannel = 'task_state';

/** Text that PostgreSQL can keep as jsonb: it has no character U+0000. */
export function storableJson(text: string): string {
  if (!text.includes('\\u0000')) return text;
  return JSON.stringify(
    JSON.parse(text, (_key, value) => (typeof value === 'string' ? value.replaceAll('\0', '') : value)),
  );
}

/** Looks once more whether a task that was dispatched is blocked, and tells the workers. */
export async function announceTask(db: Queryable, id: number): Promise<void> {
  await db.run(sql`select announce_task(${id})`);
}

/**
 * Takes the next task, if there is one; `finished` is the task just ended by the same process, whose followers are
 * unblocked in the same step. Without a lease nothing is taken.
 */
export async function nextTask(
  db: Queryable,
  holder: Holder | undefined,
  versions: Readonly<Record<string, string>>,
  finished?: number,
): Promise<RunnableTask | undefined> {
  return db.row<RunnableTask>(sql`
    select t.*, d.pulp_id as domain_pulp_id, d.name as domain_name, ${storageStamp('d')} as domain_storage_stamp
      from next_task(${holder?.lease ?? null}, ${holder?.worker ?? ''}, ${JSON.stringify(versions)}::jsonb, ${finished ?? null}) t
      join domain d on d.id = t.domain_id`);
}

/** Writes how a task has ended; undefined when the lease does not hold it any more. Its followers still wait then. */
export async function finishTask(
  db: Queryable,
  id: number,
  lease: number,
  outcome: Outcome,
): Promise<TaskState | undefined> {
  const error = outcome.error && storableJson(JSON.stringify(outcome.error));
  const result = outcome.result && storableJson(outcome.result);
  const row = await db.row<{ state: TaskState | null }>(sql`
    select finish_task(${id}, ${lease}, ${outcome.state}, ${result}::jsonb, ${error}::jsonb, ${outcome.created}::text[]) as state`);
  return row?.state ?? undefined;
}

/** Unblocks the followers of a task that has ended, and tells workers and listeners. */
export async function releaseTask(db: Queryable, id: number): Promise<void> {
  await db.row(sql`select from next_task(null, '', '{}', ${id})`);
}

/** Unblocks whatever should be and is not; returns how many. */
export async function unblockAll(db: Queryable): Promise<number> {
  const row = await db.row<{ unblocked: number }>(sql`select unblock_all() as unblocked`);
  return row?.unblocked ?? 0;
}
