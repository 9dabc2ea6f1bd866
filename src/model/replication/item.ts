/** The items of runs: what each does to an object, and how far it has come. */
import type { Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

export interface NewItem {
  readonly key: string;
  readonly object: string;
  readonly type: string;
  readonly name: string;
  readonly base_path: string | null;
  readonly act: string;
  readonly state: string;
  readonly old: unknown;
  readonly new: unknown;
  readonly target: unknown;
  readonly conflict: unknown;
  readonly error: string | null;
}

/** Makes the items of a run those given; ones that were there keep their attempts, counts and tasks. */
export async function putItems(tx: Transaction, runId: string, items: readonly NewItem[]): Promise<void> {
  await tx.run(
    sql`delete from replication_item where run_id = ${runId} and key <> all(${items.map(({ key }) => key)}::text[])`,
  );
  await tx.run(sql`insert into replication_item (run_id, key, object, type, name, base_path, act, state, old, new, target, conflict, error)
    select ${runId}, i.* from jsonb_to_recordset(${JSON.stringify(items)}::jsonb)
      as i (key text, object text, type text, name text, base_path text, act text, state text, old jsonb, new jsonb,
        target jsonb, conflict jsonb, error text)
    on conflict (run_id, key) do update set object = excluded.object, type = excluded.type, name = excluded.name,
      base_path = excluded.base_path, act = excluded.act, state = excluded.state, old = excluded.old, new = excluded.new,
      target = excluded.target, conflict = excluded.conflict, error = excluded.error`);
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
