/** Puts a task into the queue, or runs it at once in this process when it is a short one that nothing blocks. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { correlationId } from '../../lib/process/correlation.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';
import type { DispatchedTask, Services, TaskRequest } from '../../plugin-api/contracts/context.ts';
import { lockNames } from './lock-names.ts';
import { PROGRAM } from './program-name.ts';
import { announceTask } from './queue.ts';
import type { Holder, RunnableTask, TaskRow, TaskState } from './task-row.ts';

export type DispatchServices = Pick<Services, 'db' | 'secrets' | 'settings' | 'logger'>;

/** Runs immediate tasks in this process. */
export interface TaskRunner {
  /** Undefined while this process is not registered: then the task is left to the workers. */
  readonly holder: Holder | undefined;
  run(task: RunnableTask): Promise<TaskState>;
}

interface DispatchOptions {
  /** Correlation id of the request or task that asks for it; by default the one under which the caller runs. */
  loggingCid?: string;
  parentTask?: string | null;
  /** Without one, immediate tasks are queued for the workers. */
  runner?: TaskRunner | undefined;
}

/** Answers when the task is durably in the queue; for one that was run at once, when it has ended. */
export async function dispatch(
  services: DispatchServices,
  request: TaskRequest,
  options: DispatchOptions = {},
): Promise<DispatchedTask> {
  const runner = request.immediate && !prefersWorker(services, request) ? options.runner : undefined;
  const pulpId = uuid7();
  const task = await insertTask(services.db, services, request, options, pulpId, runner?.holder);
  if (runner && task.state === 'running') {
    const { pulpId: domainPulpId, name, storageStamp } = request.domain;
    const state = await runner.run({
      ...task,
      domain_pulp_id: domainPulpId,
      domain_name: name,
      domain_storage_stamp: storageStamp,
    });
    return { id: task.id, pulpId, state };
  }
  if (task.state === 'waiting') announce(services, task.id);
  return { id: task.id, pulpId, state: task.state };
}

/**
 * Queues a task inside a transaction, never running it here. After the commit, `announce` has to be called with the id;
 * when that is forgotten or fails, the task starts some seconds later.
 */
export async function enqueue(
  tx: Queryable,
  services: DispatchServices,
  request: TaskRequest,
  options: DispatchOptions = {},
): Promise<DispatchedTask> {
  const pulpId = uuid7();
  const task = await insertTask(tx, services, request, options, pulpId, undefined);
  return { id: task.id, pulpId, state: task.state };
}

/** Tells the workers of a task, in the background: it is in the queue whether or not this succeeds. */
export function announce(services: DispatchServices, id: number): void {
  announceTask(services.db, id).catch((error: unknown) => {
    services.logger.debug({ err: error }, `Workers could not be told of task ${id}; they will find it.`);
  });
}

function prefersWorker(services: DispatchServices, request: TaskRequest): boolean {
  return services.settings.taskPreferDefer && request.deferrable !== false;
}

/** Programs before this version would run a limited task with the rights of the whole account. */
const LIMITS_SINCE = '0.2.0';

function versionsOf({ versions = {}, limit }: TaskRequest): Readonly<Record<string, string>> {
  return limit ? { ...versions, [PROGRAM]: LIMITS_SINCE } : versions;
}

async function insertTask(
  db: Queryable,
  services: DispatchServices,
  request: TaskRequest,
  options: DispatchOptions,
  pulpId: string,
  holder: Holder | undefined,
): Promise<TaskRow> {
  const { exclusive, shared } = lockNames(request);
  const values = sql`${pulpId}::uuid, ${request.domain.id}, ${request.name}, ${options.loggingCid ?? correlationId() ?? ''},
      ${services.secrets.encrypt(JSON.stringify(request.args ?? null))}, ${exclusive}::text[], ${shared}::text[],
      ${request.userId}::integer, ${options.parentTask ?? null}::uuid, ${request.taskGroup ?? null}::uuid,
      ${request.immediate ?? false}, ${request.deferrable ?? true}, ${JSON.stringify(versionsOf(request))}::jsonb,
      ${request.profileOptions ? JSON.stringify(request.profileOptions) : null}::jsonb,
      ${holder?.lease ?? null}::bigint, ${holder?.worker ?? null}`;
  const task = await db.row<TaskRow>(
    request.limit
      ? sql`select * from dispatch_limited_task(${values}, ${JSON.stringify(request.limit)}::jsonb)`
      : sql`select * from dispatch_task(${values})`,
  );
  return task!;
}
