/** The table of living processes: entering it, leaving it, and finding who is missing. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { isGone, processKey } from '../../lib/process/process-identity.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';

export type AppType = 'worker' | 'api' | 'content';

/** Who registers. */
export interface Entry {
  readonly type: AppType;
  readonly name: string;
  readonly host: string;
  /** Seconds without a sign of life after which it is missing. */
  readonly ttl: number;
  readonly versions: Readonly<Record<string, string>>;
  /** Names of the tasks that it can run: it is given no others. Unknown until its child is ready. */
  readonly functions?: readonly string[];
}

/** A row of the table as far as others need it. */
export interface StatusRow {
  lease: number;
  pulp_id: string;
  app_type: AppType;
  name: string;
  ttl: number;
  last_heartbeat: string;
  host: string;
  pid: number;
  process_key: string | null;
  connection_name: string;
}

/** Another live process has the name. */
export class NameTaken extends Error {
  constructor(entry: Entry, holder: StatusRow) {
    super(
      `Another ${entry.type} process named ${entry.name} is alive (process ${holder.pid} on ${holder.host}). ` +
        'Stop it first, or give each process a name of its own with {pid} or {hostname} in the name template.',
    );
    this.name = 'NameTaken';
  }
}

/** Signs of life a second: the whole of a failed one is noticed well within the time to live. */
export function beatInterval(entry: Pick<Entry, 'type' | 'ttl'>): number {
  return Math.min(entry.ttl / (entry.type === 'content' ? 4 : 3), 20);
}

/**
 * Enters the table and returns the number of the lease. Whoever had the name before is thrown out when it is dead;
 * when that cannot be known at once, its next sign of life is awaited, and refuses us.
 */
export async function enter(db: Database, entry: Entry): Promise<number> {
  const before = await holderOf(db, entry);
  if (before && !isGone(before.pid, before.process_key)) await awaitSilence(db, entry, before);
  return db.transaction(async (tx) => {
    const removed = await tx.rows<StatusRow>(
      sql`delete from app_status where lease = ${before?.lease ?? 0} returning *`,
    );
    await closeConnections(tx, removed);
    const row = await tx.row<{ lease: number }>(sql`
      insert into app_status (pulp_id, app_type, name, versions, functions, ttl, host, pid, process_key, connection_name)
        values (${uuid7()}, ${entry.type}, ${entry.name}, ${sql.json(entry.versions)},
          ${entry.functions ?? null}::text[], ${entry.ttl}, ${entry.host},
          ${process.pid}, ${processKey()}, ${connectionName})
        on conflict (name, app_type) do nothing returning lease`);
    if (row) return row.lease;
    throw new NameTaken(entry, (await holderOf(tx, entry))!);
  });
}

/** Only names that belong to one process alone may be recorded: connections of that name are closed by others. */
const connectionName = sql`(select coalesce(substring(current_setting('application_name') from '^deckle \\w+ [0-9a-f]{12}'), ''))`;

async function holderOf(db: Queryable, entry: Entry): Promise<StatusRow | undefined> {
  return db.row<StatusRow>(sql`select * from app_status where name = ${entry.name} and app_type = ${entry.type}`);
}

async function awaitSilence(db: Queryable, entry: Entry, holder: StatusRow): Promise<void> {
  const deadline = performance.now() + (beatInterval(holderEntry(holder)) + 1) * 1000;
  while (performance.now() < deadline) {
    await sleep(200);
    const now = await holderOf(db, entry);
    if (!now) return;
    if (now.lease !== holder.lease || now.last_heartbeat !== holder.last_heartbeat) throw new NameTaken(entry, now);
    if (isGone(now.pid, now.process_key)) return;
  }
}

function holderEntry(holder: StatusRow): Pick<Entry, 'type' | 'ttl'> {
  return { type: holder.app_type, ttl: holder.ttl };
}

/** Notes which tasks a process can run. */
export async function noteFunctions(db: Queryable, lease: number, functions: readonly string[]): Promise<void> {
  await db.run(sql`update app_status set functions = ${functions}::text[] where lease = ${lease}`);
}

export async function leave(db: Queryable, lease: number): Promise<void> {
  await db.run(sql`delete from app_status where lease = ${lease}`);
}

/**
 * Removes the rows of processes that are missing and closes their connections, so that a transaction of one that hangs
 * holds up nobody. After a start of the database itself everybody gets some time to show up.
 */
export async function removeMissing(db: Queryable, mine: number): Promise<StatusRow[]> {
  const others = await db.rows<StatusRow & { missing: boolean }>(sql`
    select *, last_heartbeat < clock_timestamp() - make_interval(secs => ttl)
        and pg_postmaster_start_time() < clock_timestamp() - make_interval(secs => ttl / 2) as missing
      from app_status where lease <> ${mine}`);
  const suspects = others.filter((row) => row.missing || isGone(row.pid, row.process_key));
  if (suspects.length === 0) return [];
  // The sign of life is compared, so that one that has come in the meantime saves the row.
  const removed = await db.rows<StatusRow>(sql`
    delete from app_status using unnest(${suspects.map((row) => row.lease)}::bigint[],
        ${suspects.map((row) => row.last_heartbeat)}::timestamptz[]) as suspect (lease, seen)
      where app_status.lease = suspect.lease and app_status.last_heartbeat = suspect.seen returning app_status.*`);
  await closeConnections(db, removed);
  return removed;
}

async function closeConnections(db: Queryable, rows: readonly StatusRow[]): Promise<void> {
  const names = rows.map((row) => row.connection_name).filter((name) => name !== '');
  if (names.length === 0) return;
  await db.run(sql`
    select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and exists (select from unnest(${names}::text[]) as name where starts_with(application_name, name))`);
}
