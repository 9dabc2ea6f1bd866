/** What an operator wants to know of the running server, gathered in one query: processes, queue, schedules, backup. */

import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import {
  boolean,
  datetime,
  integer,
  json,
  list,
  nested,
  number,
  type Row,
  string,
} from '../../plugin-api/declare/field.ts';

const text = (help: string) => string({ help, nullable: true, readOnly: true });

/** The object `server` of the status, which Pulp does not have. */
export const serverFields = {
  processes: list(
    nested('ServerProcess', {
      name: string(),
      role: string({ help: 'worker, api or content.' }),
      host: string(),
      pid: integer(),
      started: datetime(),
      last_heartbeat: datetime(),
      online: boolean({ help: 'False for one that has given no sign of life for its time to live.' }),
      tasks: list(string(), { help: 'PRNs of the tasks it runs.' }),
    }),
  ),
  queue: nested(
    'ServerQueue',
    {
      waiting: integer({ help: 'Tasks that have not begun.' }),
      unblocked: integer({ help: 'Those of them that nothing but a free worker is missing for.' }),
      running: integer(),
      canceling: integer(),
      longest_unblocked_seconds: number({ help: 'How long the first of the unblocked waits for a worker.' }),
    },
    { nullable: true },
  ),
  scheduler: nested(
    'ServerScheduler',
    { process: text('The process that looked at the schedules last.'), last_look: datetime({ nullable: true }) },
    { nullable: true },
  ),
  storage: nested('ServerStorage', { driver: string(), writable: boolean() }),
  database: nested('ServerDatabase', {
    version: text('Version of PostgreSQL.'),
    latency_ms: number({ help: 'How long a short question took.', nullable: true }),
  }),
  last_backup: json({ help: 'The last whole backup; null when there was none.', nullable: true }),
};

export interface ServerFacts {
  readonly processes: readonly Row[];
  readonly queue: Row;
  readonly scheduler: Row | null;
  readonly version: string;
  readonly last_backup: unknown;
}

/** As JSON made by the database would not have it: in UTC with a Z. */
const wireTime = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);

export async function serverFacts(db: Queryable): Promise<ServerFacts> {
  return (await db.row<ServerFacts>(sql`
    select
      (select coalesce(json_agg(json_build_object('name', a.name, 'role', a.app_type, 'host', a.host, 'pid', a.pid,
          'started', ${wireTime('a.pulp_created')}, 'last_heartbeat', ${wireTime('a.last_heartbeat')},
          'online', a.last_heartbeat >= now() - make_interval(secs => a.ttl), 'versions', a.versions,
          'tasks', coalesce((select json_agg('prn:core.task:' || k.pulp_id order by k.id) from task k
            where k.lease = a.lease and k.state in ('running', 'canceling')), '[]')) order by a.pulp_id), '[]')
        from app_status a) as processes,
      (select json_build_object(
          'waiting', count(*) filter (where state = 'waiting'),
          'unblocked', count(*) filter (where state = 'waiting' and unblocked_at is not null),
          'running', count(*) filter (where state = 'running'),
          'canceling', count(*) filter (where state = 'canceling'),
          'longest_unblocked_seconds', round(coalesce(extract(epoch from clock_timestamp() - min(unblocked_at)
            filter (where state = 'waiting')), 0), 3))
        from task where state in ('waiting', 'running', 'canceling')) as queue,
      (select json_build_object('process', process, 'last_look', ${wireTime('looked_at')}) from scheduler_turn) as scheduler,
      current_setting('server_version') as version,
      (select last_backup from server_state) as last_backup`))!;
}
