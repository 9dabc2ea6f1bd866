/** Tells the processes that serve distributions that what they know of some may be out of date. */
import type { Queryable, Transaction } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';

export const DISTRIBUTION_CHANNEL = 'distribution_changed';

/**
 * Milliseconds for which a process serves what it knows of a distribution without a look at the database. A task lasts at least as long
 * after its last change of one: whoever hears that it is completed meets what it has made, whatever process answers.
 */
export const SEEN_AFTER = 10;

/** Beyond so many, one notice for all costs the processes less. */
const MOST_NOTIFIED = 10;

/** One distribution by its pulp_id, or all with `*`; inside a transaction it is told with the commit. */
export async function announceChange(db: Queryable, id = '*'): Promise<void> {
  await db.notify(DISTRIBUTION_CHANNEL, id);
}

/**
 * Gives the distributions that meet a condition on `d` another generation; returns their ids. They are locked in the order of the ids,
 * as by everybody who locks several of them.
 */
export async function bumpGenerations(tx: Transaction, condition: Sql): Promise<string[]> {
  const changed = await tx.rows<{ pulp_id: string }>(sql`
    update distribution set generation = generation + 1 where pulp_id in (
      select d.pulp_id from distribution d where ${condition} order by d.pulp_id for no key update)
      returning pulp_id`);
  return changed.map((row) => row.pulp_id);
}

/** What the distributions that meet a condition on `d` serve may have changed: the processes that serve them hear of it with the commit. */
export async function announceChanges(tx: Transaction, condition: Sql): Promise<void> {
  const changed = await bumpGenerations(tx, condition);
  if (changed.length > MOST_NOTIFIED) return await announceChange(tx);
  for (const id of changed) await announceChange(tx, id);
}

/** All distributions of a type in a domain, for types whose answers are made of more than their version. */
export async function announceTypeChange(tx: Transaction, domainId: number, pulpType: string): Promise<void> {
  await announceChanges(tx, sql`d.domain_id = ${domainId} and d.pulp_type = ${pulpType}`);
}

/** Several distributions of a domain are about to be switched together: for so many seconds nobody answers from memory. */
export async function announceSwitch(db: Queryable, domainId: number, seconds: number): Promise<void> {
  await db.run(sql`insert into distribution_switch (domain_id, switching_until)
    values (${domainId}, clock_timestamp() + make_interval(secs => ${seconds}))
    on conflict (domain_id) do update set switching_until = excluded.switching_until`);
  await announceChange(db);
}

export async function withdrawSwitch(db: Queryable, domainId: number): Promise<void> {
  await db.run(sql`delete from distribution_switch where domain_id = ${domainId}`);
}
