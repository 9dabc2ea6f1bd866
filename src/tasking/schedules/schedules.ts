/** Dispatches what schedules ask for. Every worker looks; a lock of the database lets one of them act. */
import type { Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { messageOf } from '../../lib/errors.ts';
import { newCorrelationId } from '../../lib/process/correlation.ts';
import { nextTime, parseCron } from '../../lib/text/cron.ts';
import { noteDispatched, noteSchedulerTurn } from '../../model/tasks/schedule.ts';
import type { Domain, TokenLimit } from '../../plugin-api/contracts/context.ts';
import { announce, type DispatchServices, enqueue } from '../queue/dispatch.ts';

interface DueSchedule {
  pulp_id: string;
  name: string;
  task_name: string;
  cron: string | null;
  time_zone: string;
  arguments: string | null;
  operation: string | null;
  exclusive_resources: string[];
  shared_resources: string[];
  created_by: number | null;
  caller_limit: TokenLimit | null;
  domain: Domain;
}

/** Runs that were missed are made up for by one; a run waits until the one before it has ended. Returns task ids. */
export async function dispatchDueSchedules(services: DispatchServices, process = ''): Promise<number[]> {
  const ids = await services.db.transaction(async (tx) => {
    const lock = await tx.row<{ held: boolean }>(sql`select pg_try_advisory_xact_lock(1952543597, 0) as held`);
    if (!lock?.held) return [];
    await noteSchedulerTurn(tx, process);
    const started: number[] = [];
    for (const schedule of await dueSchedules(tx)) started.push(await start(tx, services, schedule));
    return started;
  });
  for (const id of ids) announce(services, id);
  return ids;
}

function dueSchedules(tx: Transaction): Promise<DueSchedule[]> {
  return tx.rows<DueSchedule>(sql`
    select s.*, json_build_object('id', d.id, 'pulpId', d.pulp_id, 'name', d.name) as domain
      from task_schedule s
        join domain d on case when s.domain_id is null then d.name = 'default' else d.id = s.domain_id end
        left join task t on t.pulp_id = s.last_task_id
      where s.enabled and s.next_dispatch <= clock_timestamp()
        and (t.state is null or t.state in ('completed', 'failed', 'canceled', 'skipped'))
        and not exists (select from task c
          where c.parent_task_id = s.last_task_id and c.state in ('waiting', 'running', 'canceling'))
      order by s.next_dispatch for update of s`);
}

async function start(tx: Transaction, services: DispatchServices, schedule: DueSchedule): Promise<number> {
  const { id, pulpId } = await enqueue(
    tx,
    services,
    {
      name: schedule.task_name,
      args: argumentsOf(services, schedule),
      exclusive: schedule.exclusive_resources,
      shared: schedule.shared_resources,
      domain: schedule.domain,
      userId: schedule.created_by,
      limit: schedule.caller_limit,
    },
    { loggingCid: newCorrelationId() },
  );
  services.logger.info({}, `Schedule “${schedule.name}” has dispatched task ${pulpId} (${schedule.task_name}).`);
  await noteDispatched(tx, schedule.pulp_id, pulpId, nextByCron(services, schedule));
  return id;
}

/** Those of users are read when they run, so that what has changed meanwhile counts. */
function argumentsOf(services: DispatchServices, schedule: DueSchedule): object {
  if (schedule.operation !== null) return { schedule: schedule.pulp_id };
  return schedule.arguments === null ? {} : JSON.parse(services.secrets.decrypt(schedule.arguments));
}

function nextByCron(services: DispatchServices, schedule: DueSchedule): string | null {
  if (schedule.cron === null) return null;
  try {
    return nextTime(parseCron(schedule.cron), schedule.time_zone, new Date())?.toISOString() ?? null;
  } catch (error) {
    services.logger.error({}, `Schedule “${schedule.name}” cannot go on: ${messageOf(error)}`);
    return null;
  }
}
