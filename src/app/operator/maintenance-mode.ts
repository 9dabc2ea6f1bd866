/** Maintenance: while it is on, nothing is removed from the storage; for copying it by other means than ours. */
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { fileRemovalLock } from '../../model/content/file-removal.ts';

/** Returns when no removal is under way any more. */
export async function setMaintenance(db: Database, on: boolean): Promise<void> {
  await db.run(sql`update server_state set maintenance_since = ${on ? sql`coalesce(maintenance_since, now())` : null}`);
  // Removals that began before hold the lock until they end.
  if (on)
    await db.transaction((tx) => tx.run(sql`select pg_advisory_xact_lock(hashtextextended(${fileRemovalLock}, 0))`));
}

export async function maintenanceSince(db: Database): Promise<string | null> {
  const row = await db.row<{ since: string | null }>(sql`select maintenance_since as since from server_state`);
  return row?.since ?? null;
}
