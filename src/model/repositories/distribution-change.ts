/** Tells the processes that serve distributions that what they know of some may be out of date. */
import type { Queryable } from '../../db/database.ts';

export const DISTRIBUTION_CHANNEL = 'distribution_changed';

/**
 * Milliseconds for which a process serves what it knows of a distribution without a look at the database. A task lasts at least as long
 * after its last change of one: whoever hears that it is completed meets what it has made, whatever process answers.
 */
export const SEEN_AFTER = 10;

/** One distribution by its pulp_id, or all with `*`; inside a transaction it is told with the commit. */
export async function announceChange(db: Queryable, id = '*'): Promise<void> {
  await db.notify(DISTRIBUTION_CHANNEL, id);
}
