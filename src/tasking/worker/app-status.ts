/** The table of living processes: entering it, leaving it, and finding who is missing. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { isGone, processKey } from '../../lib/process/process-identity.ts';
import {
  type AppType,
  deleteSilent,
  deleteStatus,
  insertStatus,
  type StatusRow,
} from '../../model/tasks/app-status.ts';

export type { AppType, StatusRow };

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
    if (before) await closeConnections(tx, await deleteStatus(tx, before.lease));
    const lease = await insertStatus(tx, { ...entry, pid: process.pid, processKey: processKey() });
    if (lease !== undefined) return lease;
    throw new NameTaken(entry, (await holderOf(tx, entry))!);
  });
}

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

export async function leave(db: Queryable, lease: number): Promise<void> {
  await deleteStatus(db, lease);
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
  const removed = await deleteSilent(db, suspects);
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
