/** The one row about the server as a whole: maintenance and the last backup. */
import type { Queryable } from '../db/database.ts';
import { sql } from '../db/sql.ts';

/** Switching it on again keeps the time it was switched on first. */
export async function noteMaintenance(db: Queryable, on: boolean): Promise<void> {
  await db.run(sql`update server_state set maintenance_since = ${on ? sql`coalesce(maintenance_since, now())` : null}`);
}

/** Since when maintenance is on; null when it is off. */
export async function maintenanceSince(db: Queryable): Promise<string | null> {
  const row = await db.row<{ since: string | null }>(sql`select maintenance_since as since from server_state`);
  return row?.since ?? null;
}

/** Everybody can read it in the status. */
export async function noteBackup(
  db: Queryable,
  made: { readonly finished_at: string; readonly files: number; readonly bytes: number },
): Promise<void> {
  await db.run(sql`update server_state set last_backup = ${sql.json(made)}`);
}
