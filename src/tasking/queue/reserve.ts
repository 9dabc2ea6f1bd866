/** Locks something that a running task has just made, so that nobody else works on it before the task has ended. */
import type { Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

/** To be called in the transaction that makes it: as nobody can know the name before, nobody can hold it. */
export async function reserveNew(tx: Transaction, taskId: number, name: string): Promise<void> {
  await tx.run(sql`insert into task_resource (resource, exclusive, task_id) values (${name}, true, ${taskId})`);
  await tx.run(sql`
    update task set reserved_resources_record = reserved_resources_record || ${[name]}::text[] where id = ${taskId}`);
}
