/** Rows of living processes; each holds a lease by its number. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';

export type AppType = 'worker' | 'api' | 'content';

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

interface NewStatus {
  readonly type: AppType;
  readonly name: string;
  readonly host: string;
  /** Seconds without a sign of life after which it is missing. */
  readonly ttl: number;
  readonly versions: Readonly<Record<string, string>>;
  /** Names of the tasks that it can run: it is given no others. Unknown until its child is ready. */
  readonly functions?: readonly string[] | undefined;
  readonly pid: number;
  readonly processKey: string | null;
}

/** Only names that belong to one process alone may be recorded: connections of that name are closed by others. */
const connectionName = sql`(select coalesce(substring(current_setting('application_name') from '^deckle \\w+ [0-9a-f]{12}'), ''))`;

/** The number of the lease; undefined when another process has the name. */
export async function insertStatus(db: Queryable, made: NewStatus): Promise<number | undefined> {
  const row = await db.row<{ lease: number }>(sql`
    insert into app_status (pulp_id, app_type, name, versions, functions, ttl, host, pid, process_key, connection_name)
      values (${uuid7()}, ${made.type}, ${made.name}, ${sql.json(made.versions)},
        ${made.functions ?? null}::text[], ${made.ttl}, ${made.host}, ${made.pid}, ${made.processKey}, ${connectionName})
      on conflict (name, app_type) do nothing returning lease`);
  return row?.lease;
}

/** Notes which tasks a process can run. */
export async function noteFunctions(db: Queryable, lease: number, functions: readonly string[]): Promise<void> {
  await db.run(sql`update app_status set functions = ${functions}::text[] where lease = ${lease}`);
}

/** The row that was there, if any. */
export async function deleteStatus(db: Queryable, lease: number): Promise<StatusRow[]> {
  return await db.rows<StatusRow>(sql`delete from app_status where lease = ${lease} returning *`);
}

/** Deletes rows that are as they were read: a sign of life that has come in the meantime saves one. */
export async function deleteSilent(db: Queryable, suspects: readonly StatusRow[]): Promise<StatusRow[]> {
  return await db.rows<StatusRow>(sql`
    delete from app_status using unnest(${suspects.map((row) => row.lease)}::bigint[],
        ${suspects.map((row) => row.last_heartbeat)}::timestamptz[]) as suspect (lease, seen)
      where app_status.lease = suspect.lease and app_status.last_heartbeat = suspect.seen returning app_status.*`);
}
