/** Figures of the queue for those who watch the server. */
import type { Queryable } from '../db/database.ts';
import { sql } from '../db/sql.ts';

export interface QueueFigures {
  /** Unfinished tasks by state. */
  readonly tasks: Readonly<Record<'waiting' | 'running' | 'canceling', number>>;
  /** Waiting tasks that nothing but a worker is missing for. */
  readonly unblocked: number;
  /** Seconds for which the first of them waits. */
  readonly longestUnblocked: number;
  /** Seconds for which the first of all waiting tasks waits. */
  readonly longestWaiting: number;
  /** Processes that give signs of life, and those that do not, by role. */
  readonly processes: readonly { role: string; online: number; missing: number }[];
  readonly events: number;
  readonly databaseBytes: number;
  /** Seconds since 1970; null without one. */
  readonly lastBackup: number | null;
}

export async function queueFigures(db: Queryable): Promise<QueueFigures> {
  return (await db.row<QueueFigures>(sql`
    with unfinished as (
      select state, unblocked_at, pulp_created from task where state in ('waiting', 'running', 'canceling'))
    select
      (select json_build_object('waiting', count(*) filter (where state = 'waiting'),
          'running', count(*) filter (where state = 'running'),
          'canceling', count(*) filter (where state = 'canceling')) from unfinished) as tasks,
      (select count(*)::int8 from unfinished where state = 'waiting' and unblocked_at is not null) as unblocked,
      (select coalesce(extract(epoch from clock_timestamp() - min(unblocked_at)), 0)::float8
        from unfinished where state = 'waiting') as "longestUnblocked",
      (select coalesce(extract(epoch from clock_timestamp() - min(pulp_created)), 0)::float8
        from unfinished where state = 'waiting') as "longestWaiting",
      (select coalesce(json_agg(p), '[]') from (
        select app_type as role, count(*) filter (where alive) as online, count(*) filter (where not alive) as missing
          from (select app_type, last_heartbeat >= now() - make_interval(secs => ttl) as alive from app_status) as a
          group by app_type order by app_type) as p) as processes,
      (select last from event_clock) as events,
      pg_database_size(current_database()) as "databaseBytes",
      (select extract(epoch from (last_backup ->> 'finished_at')::timestamptz)::float8 from server_state) as "lastBackup"`))!;
}
