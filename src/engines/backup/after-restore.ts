/** Puts a restored database into a state from which a server can go on: nothing runs, nothing is half made. */
import type { Database, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { removeIncompletePublications } from '../../model/repositories/publication.ts';
import { dropVersion, incompleteVersions } from '../../model/repositories/repository-version.ts';
import { noteMaintenance } from '../../model/server-state.ts';
import { allGroupsDispatched } from '../../model/tasks/task-group.ts';
import { deleteUploads } from '../../model/upload.ts';
import { cancelUnfinished } from '../../tasking/queue/cancel.ts';

interface TidiedUp {
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
    publications: await removeIncompletePublications(tx),
    uploads: await removeBrokenUploads(tx, lost),
    ...(await settle(tx)),
  }));
}

/** Their memberships are undone; the newest first, because a later one may end what an earlier one began. */
async function removeIncompleteVersions(tx: Transaction): Promise<number> {
  const versions = await incompleteVersions(tx);
  for (const version of versions) await dropVersion(tx, version);
  return versions.length;
}

async function removeBrokenUploads(tx: Transaction, lost: readonly string[]): Promise<number> {
  const ids = [...new Set(lost.filter((key) => key.startsWith('upload/')).map((key) => key.split('/')[1]!))];
  return await deleteUploads(tx, ids);
}

async function settle(tx: Transaction): Promise<object> {
  await allGroupsDispatched(tx);
  await noteMaintenance(tx, false);
  return {};
}
