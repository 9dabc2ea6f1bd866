/** The items of a run in the database: what it does to each object. */
import type { Queryable, Transaction } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
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
  await tx.run(
    sql`delete from replication_item where run_id = ${runId} and key <> all(${rows.map(({ item }) => item.key)}::text[])`,
  );
  await tx.run(sql`insert into replication_item (run_id, key, object, type, name, base_path, act, state, old, new, target, conflict, error)
    select ${runId}, i.* from jsonb_to_recordset(${JSON.stringify(values)}::jsonb)
      as i (key text, object text, type text, name text, base_path text, act text, state text, old jsonb, new jsonb,
        target jsonb, conflict jsonb, error text)
    on conflict (run_id, key) do update set object = excluded.object, type = excluded.type, name = excluded.name,
      base_path = excluded.base_path, act = excluded.act, state = excluded.state, old = excluded.old, new = excluded.new,
      target = excluded.target, conflict = excluded.conflict, error = excluded.error`);
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

/** Its sync may have ended before this is noted. */
export async function noteSyncStarted(db: Queryable, itemId: number, task: string): Promise<void> {
  await db.run(sql`update replication_item set task_id = ${task}, attempts = attempts + 1,
    state = case when state = 'planned' then 'staging' else state end where id = ${itemId}`);
}

interface ItemFailure {
  readonly key: string;
  readonly error: string;
}

export async function markFailed(db: Queryable, runId: string, failures: readonly ItemFailure[]): Promise<void> {
  await db.run(sql`update replication_item i set state = 'failed', error = f.error
    from jsonb_to_recordset(${JSON.stringify(failures)}::jsonb) as f (key text, error text)
    where i.run_id = ${runId} and i.key = f.key`);
}

/** What is not what upstream serves has to be fetched again. */
export async function forgetFetched(db: Queryable, runId: string, keys: readonly string[]): Promise<void> {
  await db.run(sql`update replication_holding h set watermark = null from replication_item i
    where i.run_id = ${runId} and i.key = any(${keys}::text[]) and h.repository_id = (i.target -> 'repository' ->> 'id')::uuid`);
}
