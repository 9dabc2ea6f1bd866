/** Schedules of tasks as rows: when each is due next. */
import type { Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';

/** Says which process looks after the schedules. */
export async function noteSchedulerTurn(tx: Transaction, process: string): Promise<void> {
  await tx.run(sql`update scheduler_turn set process = ${process}, looked_at = clock_timestamp()`);
}

/**
 * A schedule has started a task. It stays on its grid: the next time is the first in the future, by its interval or, for one with cron,
 * as given (ISO 8601); without interval and cron it was the only one.
 */
export async function noteDispatched(tx: Transaction, id: string, taskId: string, next: string | null): Promise<void> {
  await tx.run(sql`
    update task_schedule set last_task_id = ${taskId}::uuid, next_dispatch = case
        when cron is not null then ${next}::timestamptz
        else next_dispatch + dispatch_interval * (1 + floor(
          extract(epoch from clock_timestamp() - next_dispatch) / extract(epoch from dispatch_interval))) end
      where pulp_id = ${id}::uuid`);
}

interface ScheduleMaker {
  readonly userId: number;
  readonly domainId: number;
  /** What the token allowed that it was made with; undefined for no limit. */
  readonly limit?: object | undefined;
}

/** Who has made a schedule, and in which domain it works. */
export async function setScheduleMaker(tx: Transaction, id: string, maker: ScheduleMaker): Promise<void> {
  const { userId, domainId, limit } = maker;
  await tx.run(sql`update task_schedule set created_by = ${userId}, domain_id = ${domainId},
    caller_limit = ${limit ? JSON.stringify(limit) : null}::jsonb where pulp_id = ${id}`);
}

/** Due next at a time (ISO 8601); without one, an interval from now. */
export async function planNext(tx: Transaction, id: string, next?: string): Promise<void> {
  const due = next === undefined ? sql`clock_timestamp() + dispatch_interval` : sql`${next}::timestamptz`;
  await tx.run(sql`update task_schedule set next_dispatch = ${due} where pulp_id = ${id}`);
}

/** A schedule of the server's own, by its name; one that is there keeps its next run. */
export async function putBuiltIn(tx: Transaction, name: string, task: string, minutes: number): Promise<void> {
  await tx.run(sql`
    insert into task_schedule (pulp_id, name, task_name, dispatch_interval, built_in)
      values (${uuid7()}, ${name}, ${task}, make_interval(mins => ${minutes}::int), true)
      on conflict (name) do update
        set task_name = excluded.task_name, dispatch_interval = excluded.dispatch_interval, built_in = true
        where (task_schedule.task_name, task_schedule.dispatch_interval)
          is distinct from (excluded.task_name, excluded.dispatch_interval)`);
}

export async function deleteBuiltIn(tx: Transaction, name: string): Promise<void> {
  await tx.run(sql`delete from task_schedule where built_in and name = ${name}`);
}
