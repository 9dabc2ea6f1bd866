/** Puts a restored database into a state from which a server can go on: nothing runs, nothing is half made. */
import type { Database, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { cancelUnfinished } from '../../tasking/queue/cancel.ts';

export interface TidiedUp {
  readonly tasks: number;
  readonly processes: number;
  readonly versions: number;
  readonly publications: number;
  readonly uploads: number;
}

export const restoreReason = 'Canceled after restore.';

/** `lost` are keys of stored files that are not there; uploads that need one of them are removed. */
export async function tidyUp(db: Database, lost: readonly string[]): Promise<TidiedUp> {
  const { count } = (await db.row<{ count: number }>(sql`select count(*) as count from app_status`))!;
  const tasks = await cancelUnfinished(db, restoreReason);
  return await db.transaction(async (tx) => ({
    tasks,
    processes: count,
    versions: await removeIncompleteVersions(tx),
    publications: await tx.run(sql`delete from publication where not complete`),
    uploads: await removeBrokenUploads(tx, lost),
    ...(await settle(tx)),
  }));
}

/** Their memberships are undone; the newest first, because a later one may end what an earlier one began. */
async function removeIncompleteVersions(tx: Transaction): Promise<number> {
  const versions = await tx.rows<{ id: number; number: number; repository_id: number }>(sql`
    select id, number, repository_id from repository_version where not complete order by repository_id, number desc`);
  for (const { id, number, repository_id } of versions) {
    await tx.run(sql`delete from repository_content
      where repository_id = ${repository_id} and version_added = ${number}`);
    await tx.run(sql`update repository_content set version_removed = null
      where repository_id = ${repository_id} and version_removed = ${number}`);
    await tx.run(sql`delete from repository_version where id = ${id}`);
    await tx.run(sql`update repository set next_version = ${number}
      where id = ${repository_id} and next_version = ${number} + 1`);
  }
  return versions.length;
}

async function removeBrokenUploads(tx: Transaction, lost: readonly string[]): Promise<number> {
  const ids = [...new Set(lost.filter((key) => key.startsWith('upload/')).map((key) => key.split('/')[1]!))];
  return ids.length === 0 ? 0 : await tx.run(sql`delete from upload where pulp_id = any(${ids}::uuid[])`);
}

async function settle(tx: Transaction): Promise<object> {
  await tx.run(sql`update task_group set all_tasks_dispatched = true where not all_tasks_dispatched`);
  await tx.run(sql`update server_state set maintenance_since = null`);
  return {};
}
