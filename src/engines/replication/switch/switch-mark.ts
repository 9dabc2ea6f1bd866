/** Announces a switch to all content processes before it happens, so that none answers from before it afterwards. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Queryable } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { announceChange, announceSwitch, withdrawSwitch } from '../../../model/repositories/distribution-change.ts';

/** Longer than any content process uses what it knows without looking (milliseconds); see distribution-cache.ts. */
const ANNOUNCED_BEFORE = 100;
/** Seconds after which an announcement is void whose writer is no more. */
const VOID_AFTER = 300;
/** Seconds it must still hold when the switch is committed. */
const MARGIN = 60;

/** Announces, waits, runs the switch, and takes the announcement back however that ends. */
export async function switchTogether<T>(db: Database, domainId: number, work: () => Promise<T>): Promise<T> {
  await announceSwitch(db, domainId, VOID_AFTER);
  try {
    await sleep(ANNOUNCED_BEFORE);
    return await work();
  } finally {
    // When the database is away the announcement ends by itself; until then content is only looked up more often.
    await withdrawSwitch(db, domainId).catch(() => {});
    await announceChange(db).catch(() => {});
  }
}

/** Within the transaction of the switch: throws when the announcement is about to end. */
export async function requireAnnounced(tx: Queryable, domainId: number): Promise<void> {
  const row = await tx.row(sql`select 1 from distribution_switch where domain_id = ${domainId}
    and switching_until > clock_timestamp() + make_interval(secs => ${MARGIN})`);
  if (!row) throw new Error('The switch was announced too long ago; run it again.');
}
