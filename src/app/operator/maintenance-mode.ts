/** Maintenance: while it is on, nothing is removed from the storage; for copying it by other means than ours. */
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { fileRemovalLock } from '../../model/content/file-removal.ts';
import { noteMaintenance } from '../../model/server-state.ts';

/** Returns when no removal is under way any more. */
export async function setMaintenance(db: Database, on: boolean): Promise<void> {
  await noteMaintenance(db, on);
  // Removals that began before hold the lock until they end.
  if (on)
    await db.transaction((tx) => tx.run(sql`select pg_advisory_xact_lock(hashtextextended(${fileRemovalLock}, 0))`));
}

export { maintenanceSince } from '../../model/server-state.ts';
