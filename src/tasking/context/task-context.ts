/** What a task function gets: the services, and the means to write, report and dispatch under the task's lease. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { LeaseLost } from '../../lib/errors.ts';
import { DISTRIBUTION_CHANNEL, SEEN_AFTER } from '../../model/repositories/distribution-change.ts';
import { recordCreated } from '../../model/tasks/task.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';
import { prn } from '../../plugin-api/declare/model.ts';
import { dispatch, type TaskRunner } from '../queue/dispatch.ts';
import type { Holder, RunnableTask } from '../queue/task-row.ts';
import { ProgressWriter } from './progress.ts';
import { makeDirectory, removeDirectory, taskDirectory } from './work-directory.ts';

interface OpenContext {
  readonly context: TaskContext;
  /** Resources that were made and are not in the task's row yet. */
  readonly unrecorded: string[];
  /** Writes the last progress, removes the work directory, and waits until every process serves what was changed. */
  close(): Promise<void>;
}

interface ContextOptions {
  readonly holder: Holder;
  /** Aborted when the task is canceled. */
  readonly stop: AbortSignal;
  /** Aborted when it has to end, for whatever reason. */
  readonly signal: AbortSignal;
  /** Runs immediate tasks that it dispatches. */
  readonly runner: TaskRunner | undefined;
}

/** Opens the context of a task that is held by `holder`. */
export function openContext(services: Services, task: RunnableTask, options: ContextOptions): OpenContext {
  const { holder, stop, signal, runner } = options;
  const held = { id: task.id, pulpId: task.pulp_id, lease: holder.lease };
  const progress = new ProgressWriter(services.db, held, stop);
  const writer = new LeasedWriter(services.db, held);
  const domain = domainOf(task);
  let directory: Promise<string> | undefined;
  const context: TaskContext = {
    ...services,
    task: factsOf(task),
    domain,
    signal,
    progress: (options) => progress.open(options),
    created: (name) => writer.created(name),
    write: (work) => writer.write(work),
    dispatch: (request) =>
      dispatch(
        services,
        { ...request, domain, userId: task.created_by, limit: task.caller_limit },
        { parentTask: task.pulp_id, runner },
      ),
    workDirectory() {
      directory ??= makeDirectory(taskDirectory(services.settings, holder.worker, task.pulp_id));
      return directory;
    },
  };
  return {
    context,
    unrecorded: writer.unrecorded,
    async close() {
      await progress.close();
      if (directory) await removeDirectory(await directory);
      await writer.seen();
    },
  };
}

export function domainOf(task: RunnableTask): Domain {
  const { domain_id: id, domain_pulp_id: pulpId, domain_name: name, domain_storage_stamp: storageStamp } = task;
  return { id, pulpId, name, ...(storageStamp !== undefined && { storageStamp }) };
}

function factsOf(task: RunnableTask): TaskContext['task'] {
  return {
    id: task.id,
    pulpId: task.pulp_id,
    prn: prn('core.task', task.pulp_id),
    name: task.name,
    taskGroup: task.task_group_id,
    userId: task.created_by,
    limit: task.caller_limit,
    immediate: task.immediate,
    loggingCid: task.logging_cid,
  };
}

/** Transactions that commit only while the task is held, and that record with their commit what they created. */
class LeasedWriter {
  /** Made outside any transaction of `write`, or noted after it. */
  readonly unrecorded: string[] = [];
  readonly #db: Services['db'];
  readonly #task: { id: number; pulpId: string; lease: number };
  /** What the transaction under way has created: dropped with it when it is rolled back. */
  readonly #scope = new AsyncLocalStorage<string[]>();
  /** When a change of what distributions serve was committed last. */
  #changedAt = Number.NEGATIVE_INFINITY;

  constructor(db: Services['db'], task: { id: number; pulpId: string; lease: number }) {
    this.#db = db;
    this.#task = task;
  }

  created(name: string): void {
    (this.#scope.getStore() ?? this.unrecorded).push(name);
  }

  /** Resolves when no process serves any more what was there before the last change. */
  async seen(): Promise<void> {
    const wait = this.#changedAt + SEEN_AFTER - performance.now();
    if (wait > 0) await sleep(Math.ceil(wait));
  }

  async write<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const before = this.unrecorded.splice(0);
    let notified: ReadonlySet<string> | undefined;
    try {
      const result = await this.#db.transaction(async (tx) => {
        notified = tx.notified;
        await this.#hold(tx);
        const made: string[] = [];
        const result = await this.#scope.run(made, () => work(tx));
        const names = [...before, ...made];
        // Last in the transaction, so that two transactions of a task never wait for each other.
        if (names.length > 0) await recordCreated(tx, this.#task.id, names);
        return result;
      });
      if (notified?.has(DISTRIBUTION_CHANNEL)) this.#changedAt = performance.now();
      return result;
    } catch (error) {
      this.unrecorded.unshift(...before);
      throw error;
    }
  }

  /** Keeps one of the task's resource rows until the commit: whoever ends the task waits for it (0002-tasking.sql). */
  async #hold(tx: Transaction): Promise<void> {
    const { id, lease, pulpId } = this.#task;
    const held = await tx.row(sql`
      select from task_resource r join task t on t.id = r.task_id
        where r.task_id = ${id} and t.lease = ${lease} and (t.state = 'running' or t.state = 'canceling' and t.immediate)
        limit 1 for key share of r`);
    if (!held) throw new LeaseLost(`Task ${pulpId}`);
  }
}
