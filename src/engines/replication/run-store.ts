/** Runs and their items in the database. */
import type { Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';
import type { Values } from '../../plugin-api/declare/field.ts';
import type { PlanItem } from './plan/plan-types.ts';

export type RunState =
  | 'planned'
  | 'blocked'
  | 'staging'
  | 'ready'
  | 'active'
  | 'partial'
  | 'failed'
  | 'canceled'
  | 'rolled_back';

export interface Run {
  readonly id: string;
  readonly upstreamId: string;
  readonly state: RunState;
  readonly q: string | null;
  readonly selective: boolean;
  readonly group: string;
  readonly startedAt: string;
}

/** Runs kept for each upstream. */
const KEPT_RUNS = 20;

export interface NewRun {
  readonly domainId: number;
  readonly upstreamId: string;
  readonly q: string | null;
  readonly selective: boolean;
  readonly group: string;
  readonly userId: number | null;
}

/** Older runs beyond those kept are forgotten, but not one that can be taken back. */
export async function insertRun(db: Queryable, run: NewRun): Promise<string> {
  const id = uuid7();
  await db.run(sql`insert into replication_run (pulp_id, domain_id, upstream_id, q_select, selective, task_group_id, user_id)
    values (${id}, ${run.domainId}, ${run.upstreamId}, ${run.q}, ${run.selective}, ${run.group}, ${run.userId})`);
  await db.run(sql`delete from replication_run where pulp_id in (
      select pulp_id from replication_run where upstream_id = ${run.upstreamId} order by pulp_id desc offset ${KEPT_RUNS})
    and not exists (select from replication_pin p where p.run_id = replication_run.pulp_id)
    and state not in ('planned', 'staging', 'ready')`);
  return id;
}

export async function findRun(db: Queryable, id: string): Promise<Run | undefined> {
  return await db.row<Run>(sql`select pulp_id as id, upstream_id as "upstreamId", state, q_select as q, selective,
    task_group_id as "group", started_at as "startedAt" from replication_run where pulp_id = ${id}`);
}

export interface RunChange {
  readonly state: RunState;
  readonly summary?: Readonly<Record<string, number>>;
  readonly error?: unknown;
}

const ENDED: readonly RunState[] = ['blocked', 'active', 'partial', 'failed', 'canceled'];

export async function changeRun(db: Queryable, id: string, change: RunChange): Promise<void> {
  const ended = ENDED.includes(change.state);
  await db.run(sql`update replication_run set state = ${change.state}, pulp_last_updated = now(),
      summary = coalesce(${change.summary === undefined ? null : JSON.stringify(change.summary)}::jsonb, summary),
      error = ${change.error === undefined ? null : JSON.stringify(change.error)}::jsonb,
      finished_at = case when ${ended} then now() end
    where pulp_id = ${id}`);
}

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
