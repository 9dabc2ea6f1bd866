/** The items of a run in the database: what it does to each object. */
import type { Queryable, Transaction } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { putItems } from '../../../model/replication/item.ts';
import type { Values } from '../../../plugin-api/declare/field.ts';
import type { PlanItem } from '../plan/plan-types.ts';

/** What the switch needs to know of an item; see `targets.ts`. */
export interface ItemRow {
  readonly item: PlanItem;
  readonly state: string;
  readonly target: Values;
  readonly error?: string | null;
}

/** Brings the items of a run in line with a plan; those of former rounds keep their attempts, counts and tasks. */
export async function writeItems(tx: Transaction, runId: string, rows: readonly ItemRow[]): Promise<void> {
  const values = rows.map(({ item, state, target, error }) => ({
    key: item.key,
    object: item.object,
    type: item.type,
    name: item.name,
    base_path: item.basePath,
    act: item.act,
    state,
    old: item.old,
    new: item.new,
    target,
    conflict: item.conflict ?? null,
    error: error ?? item.reason ?? null,
  }));
  await putItems(tx, runId, values);
}

/** Ids of the items of a run by key. */
export async function itemIds(db: Queryable, runId: string): Promise<Map<string, { id: number; attempts: number }>> {
  const rows = await db.rows<{ key: string; id: number; attempts: number }>(
    sql`select key, id, attempts from replication_item where run_id = ${runId}`,
  );
  return new Map(rows.map((row) => [row.key, row]));
}

/** What earlier rounds were to do to items that were fetched in them, by key. */
export async function formerActs(
  db: Queryable,
  runId: string,
): Promise<Map<string, Pick<PlanItem, 'key' | 'act' | 'old' | 'new'>>> {
  const rows = await db.rows<Pick<PlanItem, 'key' | 'act' | 'old' | 'new'>>(
    sql`select key, act, old, new from replication_item where run_id = ${runId} and attempts > 0`,
  );
  return new Map(rows.map((row) => [row.key, row]));
}

/** Ids of the repository and the remote of each item, by key. */
export async function storesOfItems(
  db: Queryable,
  runId: string,
): Promise<Map<string, { repository: string; remote: string }>> {
  const rows = await db.rows<{ key: string; repository: string; remote: string }>(sql`
    select key, target -> 'repository' ->> 'id' as repository, target -> 'remote' ->> 'id' as remote
      from replication_item where run_id = ${runId} and target ? 'repository'`);
  return new Map(rows.map((row) => [row.key, row]));
}
