/** Runs short tasks in the process that dispatches them: an API process, or the process of another task. */
import { DatabaseUnavailable } from '../../db/errors.ts';
import { flushTask } from '../../model/tasks/task.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import { runTask, type TaskFunctions } from '../context/run-task.ts';
import type { TaskRunner } from '../queue/dispatch.ts';
import { finishSurely } from '../queue/finish-surely.ts';
import { releaseTask } from '../queue/queue.ts';
import type { Holder, RunnableTask, TaskState } from '../queue/task-row.ts';

export class ImmediateRunner implements TaskRunner {
  readonly #services: Services;
  readonly #functions: TaskFunctions;
  readonly #holder: () => Holder | undefined;
  /** Tasks running here. */
  readonly #running = new Set<string>();
  #stop = new AbortController();

  constructor(services: Services, functions: TaskFunctions, holder: () => Holder | undefined) {
    this.#services = services;
    this.#functions = functions;
    this.#holder = holder;
  }

  get holder(): Holder | undefined {
    return this.#holder();
  }

  async run(task: RunnableTask): Promise<TaskState> {
    const holder = { lease: task.lease!, worker: task.worker ?? '' };
    this.#running.add(task.pulp_id);
    try {
      const options = { holder, signal: this.#stop.signal, runner: this };
      const outcome = await runTask(this.#services, this.#functions, task, options);
      return (await finishSurely(this.#services, task, holder.lease, outcome)) ?? (await this.#stateOfLost(task));
    } finally {
      this.#running.delete(task.pulp_id);
      this.#release(task.id);
    }
  }

  /**
   * Without the lease others write the end, and the task counts as failed. But its beginning was not flushed to disk: when
   * the database has crashed meanwhile there may be no such task, and nobody must be told of one. The update flushes.
   */
  async #stateOfLost(task: RunnableTask): Promise<TaskState> {
    if (await flushTask(this.#services.db, task.id)) return 'failed';
    throw new DatabaseUnavailable(new Error(`it has forgotten task ${task.pulp_id}, which was running, in a crash.`));
  }

  isRunning(pulpId: string): boolean {
    return this.#running.has(pulpId);
  }

  /** The lease is lost: whatever runs shall stop, since its writes are refused. */
  abandon(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
  }

  #release(id: number): void {
    releaseTask(this.#services.db, id).catch((error: unknown) => {
      this.#services.logger.debug({ err: error }, `Followers of task ${id} were not told; they will be found.`);
    });
  }
}
