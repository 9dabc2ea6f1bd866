/** The task that removes records of finished tasks: those of its user, or everybody's for a superuser or a schedule. */
import { type Sql, sql } from '../../db/sql.ts';
import { removeTasks } from '../../model/tasks/task.ts';
import type { ProgressReport, TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import { finalStates } from './task-row.ts';

const batchSize = 1000;
const DELETE_TASK = 'core.delete_task';

interface PurgeArguments {
  /** Only tasks that ended before; default: older than the protection time of the settings. */
  finished_before?: string | null;
  states?: readonly string[] | null;
  /** Only tells what would go. */
  dry_run?: boolean;
}

export const purgeTask: TaskFunction = { name: 'pulpcore.app.tasks.purge.purge', run: purge };

async function purge(context: TaskContext, args: PurgeArguments): Promise<unknown> {
  const chosen = await choose(context, args);
  if (args.dry_run) return await foreseePurge(context, chosen);
  const count = await context.db.row<{ count: number }>(sql`select count(*) from task t where ${chosen}`);
  const total = context.progress({ message: 'Purged task-related-objects total', code: 'purge.tasks.total' });
  const tasks = open(context, 'core.Task', count?.count ?? 0);
  const errors = context.progress({ message: 'Tasks failed to purge', code: 'purge.tasks.error' });
  let reports: ProgressReport | undefined;
  for (;;) {
    context.signal.throwIfAborted();
    const removed = await context.write((tx) => removeTasks(tx, chosen, batchSize));
    if (removed.tasks === 0) break;
    tasks.add(removed.tasks);
    total.add(removed.tasks + removed.reports);
    if (removed.reports > 0) reports ??= open(context, 'core.ProgressReport', null);
    reports?.add(removed.reports);
  }
  for (const report of [tasks, reports, total, errors]) {
    if (!report) continue;
    report.total = report.done;
    report.finish();
  }
  return undefined;
}

async function foreseePurge({ db }: TaskContext, chosen: Sql): Promise<Record<string, number>> {
  const row = await db.row<{ tasks: number; reports: number }>(sql`
    with gone as materialized (select t.pulp_id from task t where ${chosen})
    select (select count(*) from gone) as tasks,
      (select count(*) from progress_report where task_id in (select pulp_id from gone)) as reports`);
  return { 'core.Task': row!.tasks, 'core.ProgressReport': row!.reports };
}

function open(context: TaskContext, model: string, total: number | null): ProgressReport {
  return context.progress({
    message: `Purged task-objects of type ${model}`,
    code: `purge.tasks.key.${model}`,
    total,
  });
}

/** The condition on `task t`. A schedule's run is limited neither to a user nor to a domain. */
async function choose(context: TaskContext, args: PurgeArguments): Promise<Sql> {
  const { db, task, domain, settings } = context;
  const states = args.states ?? finalStates;
  const before = args.finished_before
    ? sql`${args.finished_before}::timestamptz`
    : sql`clock_timestamp() - make_interval(mins => ${settings.taskProtectionTime}::int)`;
  const conditions = [
    sql`t.finished_at < ${before}`,
    sql`t.state = any (${states.filter((state) => finalStates.some((final) => final === state))}::text[])`,
  ];
  const scheduled = await db.row(sql`select from task_schedule where last_task_id = ${task.pulpId}::uuid`);
  if (scheduled) return sql.and(conditions);
  conditions.push(sql`t.domain_id = ${domain.id}`);
  conditions.push(await ofCaller(context));
  return sql.and(conditions);
}

/** All tasks for a superuser, else the caller's own; a token of some permissions has to give that of deleting tasks. */
async function ofCaller({ db, task: { userId, limit } }: TaskContext): Promise<Sql> {
  if (limit && !limit.permissions.includes(DELETE_TASK)) return sql.raw('false');
  const user = await db.row<{ is_superuser: boolean }>(sql`select is_superuser from app_user where id = ${userId}`);
  return user?.is_superuser ? sql.raw('true') : sql`t.created_by = ${userId}`;
}
