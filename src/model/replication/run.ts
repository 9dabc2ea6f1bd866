/** Runs of replications: begun, changed from state to state, taken back. */
import type { Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';
import { isRun, type RunState, statesIn } from './run-states.ts';

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

interface NewRun {
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
    and state not in ${statesIn('open')}`);
  return id;
}

export async function findRun(db: Queryable, id: string): Promise<Run | undefined> {
  return await db.row<Run>(sql`select pulp_id as id, upstream_id as "upstreamId", state, q_select as q, selective,
    task_group_id as "group", started_at as "startedAt" from replication_run where pulp_id = ${id}`);
}

interface RunChange {
  readonly state: RunState;
  readonly summary?: Readonly<Record<string, number>>;
  readonly error?: unknown;
}

export async function changeRun(db: Queryable, id: string, change: RunChange): Promise<void> {
  const ended = isRun(change.state, 'ended');
  await db.run(sql`update replication_run set state = ${change.state}, pulp_last_updated = now(),
      summary = coalesce(${change.summary === undefined ? null : JSON.stringify(change.summary)}::jsonb, summary),
      error = ${change.error === undefined ? null : JSON.stringify(change.error)}::jsonb,
      finished_at = case when ${ended} then now() end
    where pulp_id = ${id}`);
}

/** Rounds are told with the run: how many times upstream was read for it. */
export async function noteRound(db: Queryable, runId: string, round: number): Promise<void> {
  await db.run(sql`update replication_run set round = ${round} where pulp_id = ${runId}`);
}

/** The run is over, with whatever could not be done in it; a complete one sets the time of the last replication. */
export async function endRun(tx: Transaction, domainId: number, run: Run): Promise<void> {
  await tx.run(sql`update replication_item set state = 'active' where run_id = ${run.id} and state = 'staged'`);
  const left = await tx.row<{ count: number }>(sql`
    select count(*)::integer as count from replication_item where run_id = ${run.id} and state in ('failed', 'conflict', 'excluded')`);
  await changeRun(tx, run.id, { state: left!.count > 0 ? 'partial' : 'active' });
  await tx.run(sql`update replication_run set activated_at = now() where pulp_id = ${run.id}`);
  if (run.selective) return;
  await tx.run(
    sql`update upstream_pulp set last_replication = ${run.startedAt} where pulp_id = ${run.upstreamId} and domain_id = ${domainId}`,
  );
}

/** The pointers are what they were before the run: nothing is kept for it any more. */
export async function noteRolledBack(tx: Transaction, runId: string): Promise<void> {
  await tx.run(sql`update replication_item set state = 'rolled_back' where run_id = ${runId} and state = 'active'`);
  await tx.run(
    sql`update replication_run set state = 'rolled_back', pulp_last_updated = now() where pulp_id = ${runId}`,
  );
  await tx.run(sql`delete from replication_pin where run_id = ${runId}`);
}

/** What failed or was cut off is to be tried again; what was fetched is kept. */
export async function reopenRun(db: Queryable, runId: string): Promise<void> {
  await db.run(sql`update replication_item set state = 'planned', error = null, attempts = 0, task_id = null
    where run_id = ${runId} and state in ('failed', 'conflict', 'staging')`);
  await db.run(
    sql`update replication_run set state = 'planned', error = null, finished_at = null where pulp_id = ${runId}`,
  );
}

/** The tasks that carry a run on are in another group from now on. */
export async function setRunGroup(db: Queryable, runId: string, groupId: string): Promise<void> {
  await db.run(sql`update replication_run set task_group_id = ${groupId} where pulp_id = ${runId}`);
}

export interface Served {
  readonly versions: readonly unknown[];
  readonly publications: readonly unknown[];
  /** One that served a repository as it grew returns to that: its newest version stays. */
  readonly repositories: readonly unknown[];
}

/** Keeps the versions that were served, for as long as this run can be taken back, instead of those of the run before. */
export async function pinFormer(
  tx: Transaction,
  run: Run,
  { versions, publications, repositories }: Served,
): Promise<void> {
  await tx.run(sql`delete from replication_pin where run_id in (
    select pulp_id from replication_run where upstream_id = ${run.upstreamId} and pulp_id <> ${run.id})`);
  await tx.run(sql`insert into replication_pin (run_id, version_id)
    select ${run.id}, v.pulp_id from repository_version v where v.pulp_id = any(${versions}::uuid[])
      or v.pulp_id in (select repository_version_id from publication where pulp_id = any(${publications}::uuid[]))
      or v.id in (select max(n.id) from repository r join repository_version n on n.repository_id = r.id and n.complete
        where r.pulp_id = any(${repositories}::uuid[]) group by r.id)
    on conflict do nothing`);
}

/** What was fetched with other settings of an upstream is not what would be fetched now. */
export async function noteSettingsChanged(tx: Transaction, upstreamId: string): Promise<void> {
  await tx.run(
    sql`update upstream_pulp set settings_generation = settings_generation + 1 where pulp_id = ${upstreamId}`,
  );
}
