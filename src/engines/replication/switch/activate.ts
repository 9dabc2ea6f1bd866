/** The switch: pointers, names, base paths, labels, flags and deletions of all items in one transaction. */

import type { Transaction } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { SWITCHED_COLUMNS, switchDistributions } from '../../../model/replication/switch.ts';
import type { Values } from '../../../plugin-api/declare/field.ts';
import type { DistributionValues, Target } from '../run/targets.ts';

export interface SwitchItem {
  readonly id: number;
  readonly object: 'distribution' | 'repository' | 'remote';
  readonly name: string;
  readonly type: string;
  readonly act: string;
  readonly target: Target;
}

/** Somebody has changed what the plan was made from; the message names it. */
export class ChangedMeanwhile extends Error {
  readonly names: readonly string[];
  constructor(names: readonly string[]) {
    super(`changed here since the plan was made: ${names.join(', ')}`);
    this.name = 'ChangedMeanwhile';
    this.names = names;
  }
}

/** What a distribution becomes; null removes it. */
export interface DistributionChange {
  readonly id: string;
  readonly type: string;
  readonly label: string;
  readonly before: DistributionValues | null;
  readonly after: DistributionValues | null;
  readonly defaultGuard?: boolean | undefined;
}

/** Throws ChangedMeanwhile when a distribution is not what the plan was made from. */
export async function changeDistributions(
  tx: Transaction,
  domainId: number,
  changes: readonly DistributionChange[],
): Promise<void> {
  await requireUnchanged(tx, changes);
  const made = changes.filter(({ before, after }) => before === null && after !== null);
  const changed = changes.filter(({ before, after }) => before !== null && after !== null);
  await switchDistributions(tx, domainId, {
    removed: changes.filter(({ after }) => after === null).map(({ id }) => id),
    changed: changed.map(({ id, after }) => ({ id, ...after })),
    made: made.map(({ id, type, after, defaultGuard }) => ({
      id,
      type,
      default_guard: defaultGuard === true,
      ...after,
    })),
  });
}

/** Locks the rows, in one order, and compares them with what the plan was made from. */
async function requireUnchanged(tx: Transaction, changes: readonly DistributionChange[]): Promise<void> {
  const ids = changes.map(({ id }) => id);
  const rows = await tx.rows<Values & { pulp_id: string }>(sql`
    select pulp_id, ${sql.raw(SWITCHED_COLUMNS.join(', '))} from distribution
      where pulp_id = any(${ids}::uuid[]) order by pulp_id for update`);
  const there = new Map(rows.map((row) => [row.pulp_id, row]));
  const different = changes.filter(({ id, before }) => {
    const row = there.get(id);
    if (!row || !before) return Boolean(row) !== Boolean(before);
    return SWITCHED_COLUMNS.some((name) => canonical(row[name]) !== canonical(before[name]));
  });
  if (different.length > 0) throw new ChangedMeanwhile(different.map(({ label }) => label));
}

/** JSON with sorted keys, as objects come back from the database in another order. */
function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}
