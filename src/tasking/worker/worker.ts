/** A worker: takes one task after the other from the queue, has them run by a process of its own, and watches over it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { removeDirectory, taskDirectory } from '../context/work-directory.ts';
import type { DispatchServices } from '../queue/dispatch.ts';
import { endUnknown } from '../queue/end-unknown.ts';
import { finishSurely } from '../queue/finish-surely.ts';
import { Maintenance } from '../queue/maintenance.ts';
import { cancelChannel, nextTask, readyChannel, releaseTask } from '../queue/queue.ts';
import { canceledOutcome, failedFor, type Outcome, type RunnableTask } from '../queue/task-row.ts';
import { missingReason } from './clean-up-missing.ts';
import { logTrouble } from './log-trouble.ts';
import type { HeldTask, Registration } from './register-process.ts';
import type { ChildEnd, TaskChild } from './task-child.ts';

/** Milliseconds after which the queue is looked at without a hint. */
const pollEvery = 5000;
/** Milliseconds a canceled task has to stop by itself. */
const cancelPatience = 3000;
/** Longest pause after the child could not start, in milliseconds. */
const longestRest = 30_000;
const shutdownReason = 'Aborted during worker shutdown.';

interface WorkerOptions {
  readonly services: DispatchServices;
  /** Removes what a task that was cut off has left; never rejects. */
  readonly undo: (task: RunnableTask) => Promise<void>;
  readonly registration: Registration;
  /** Versions of this program's components: tasks that ask for more are left alone. */
  readonly versions: Readonly<Record<string, string>>;
  readonly host: string;
  readonly startChild: () => TaskChild;
  /** Ends when there is nothing to do. */
  readonly burst?: boolean;
  /** Only runs tasks: no unblocking, no clean-up, no schedules. */
  readonly auxiliary?: boolean;
}

interface Current {
  readonly task: RunnableTask;
  readonly child: TaskChild;
  canceled: boolean;
  /** Why the task is ended from outside. */
  abortReason?: string;
}

export class Worker {
  readonly #options: WorkerOptions;
  #child: TaskChild;
  #current: Current | undefined;
  #stopping = false;
  /** A task that is just being taken is ended as well. */
  #abortNext = false;
  #replaced: Error | undefined;
  /** Set by hints that come while the queue is being looked at. */
  #hinted = false;
  #wakeUp: () => void = () => {};
  /** Of the child, one after the other. */
  #failedStarts = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#child = options.startChild();
  }

  /** Works until `stop`; rejects when another process has taken the name. */
  async run(onReady: () => void = () => {}): Promise<void> {
    const { services, registration, auxiliary } = this.#options;
    const listening = await Promise.all([
      services.db.listen(readyChannel, () => this.#wake()),
      services.db.listen(cancelChannel, (pulpId) => this.#cancel(pulpId)),
    ]);
    const forget = services.db.onReconnect(() => this.#wake());
    const maintenance = new Maintenance({
      ...this.#options,
      name: registration.name,
      lease: () => registration.holder?.lease,
      schedules: true,
    });
    registration.start({
      onBeat: (held) => this.#onBeat(held),
      onLost: () => this.#abort(missingReason),
      onRegained: () => {
        maintenance.postpone();
        this.#wake();
      },
      onReplaced: (error) => {
        this.#replaced = error;
        this.#abort(missingReason);
        this.#requestStop();
      },
    });
    if (!auxiliary) await maintenance.start();
    onReady();
    try {
      await this.#work();
    } finally {
      await maintenance.stop();
      await registration.stop();
      this.#child.retire();
      forget();
      await Promise.all(listening.map((unlisten) => unlisten()));
    }
    if (this.#replaced) throw this.#replaced;
  }

  /** `finish` lets the current task end however long it takes, `grace` for some time, `now` not at all. */
  stop(how: 'finish' | 'grace' | 'now'): void {
    this.#requestStop();
    if (how === 'now') {
      this.#abortNext = true;
      this.#abort(shutdownReason);
    }
    if (how === 'grace') {
      const grace = this.#options.services.settings.taskGraceInterval * 1000;
      setTimeout(() => this.#abort(shutdownReason), grace).unref();
    }
  }

  /** Kills the process that runs tasks, as when this one ends without a stop. */
  killChild(): void {
    this.#child.kill();
  }

  async #work(): Promise<void> {
    let finished: number | undefined;
    while (!this.#stopping) {
      const child = await this.#readyChild();
      if (!child) continue;
      this.#hinted = false;
      const taken = await this.#take(finished);
      if (taken === 'later') {
        await this.#idle(1000);
        continue;
      }
      finished = undefined;
      if (taken) finished = await this.#execute(child, taken);
      else if (this.#options.burst) break;
      else await this.#idle(pollEvery);
    }
    if (finished !== undefined) await this.#release(finished);
  }

  /** The child, replaced when it is worn out or dead. */
  async #readyChild(): Promise<TaskChild | undefined> {
    if (!this.#child.usable) {
      this.#child.retire();
      this.#child = this.#options.startChild();
    }
    try {
      await this.#options.registration.learn(await this.#child.ready);
      this.#failedStarts = 0;
      return this.#child;
    } catch (error) {
      this.#options.services.logger.error({ err: error }, 'The process for tasks does not start.');
      await this.#rest(Math.min(1000 * 2 ** this.#failedStarts++, longestRest));
      return undefined;
    }
  }

  /** Waits whatever the hints, so that a child that cannot start is not started for each of them. */
  async #rest(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    for (let left = milliseconds; left > 0 && !this.#stopping; left = end - performance.now()) {
      this.#hinted = false;
      await this.#idle(left);
    }
  }

  async #take(finished: number | undefined): Promise<RunnableTask | undefined | 'later'> {
    const { services, registration, versions } = this.#options;
    const { holder } = registration;
    if (!holder && finished === undefined) return 'later';
    try {
      const task = await nextTask(services.db, holder, versions, finished);
      // A lease that was lost in between is found out by the first thing the task writes.
      return task ?? (holder ? undefined : 'later');
    } catch (error) {
      logTrouble(services.logger, error, 'The queue cannot be read.');
      return 'later';
    }
  }

  /** Runs the task and writes its end; returns its id when its followers are still to be unblocked. */
  async #execute(child: TaskChild, task: RunnableTask): Promise<number | undefined> {
    const holder = { lease: task.lease!, worker: task.worker! };
    const current: Current = { task, child, canceled: false };
    this.#current = current;
    if (this.#abortNext) this.#abort(shutdownReason);
    const end = await child.run(task, holder);
    const outcome = await this.#judge(current, end);
    const state = await finishSurely(this.#options.services, task, holder.lease, outcome);
    this.#current = undefined;
    if (!state) {
      this.#options.services.logger.warn(
        {},
        `Task ${task.pulp_id} was taken away from this worker; it writes nothing.`,
      );
      return undefined;
    }
    if (child.usable) return task.id;
    await this.#release(task.id);
    return undefined;
  }

  async #judge(current: Current, end: ChildEnd): Promise<Outcome> {
    const { task, abortReason } = current;
    const aborted = abortReason === undefined ? undefined : failedFor(abortReason);
    if ('outcome' in end) {
      if (!aborted || end.outcome.state === 'completed') return end.outcome;
      return { ...aborted, created: end.outcome.created };
    }
    const { services, undo } = this.#options;
    await undo(task);
    await removeDirectory(taskDirectory(services.settings, task.worker!, task.pulp_id));
    return aborted ?? (current.canceled ? canceledOutcome : failedFor(end.died));
  }

  async #release(id: number): Promise<void> {
    // Whoever sweeps the queue does it when this fails.
    await releaseTask(this.#options.services.db, id).catch(() => {});
  }

  #cancel(pulpId: string): void {
    const current = this.#current;
    if (current?.task.pulp_id !== pulpId || current.canceled) return;
    current.canceled = true;
    current.child.cancel(current.task.id);
    void sleep(cancelPatience, undefined, { ref: false }).then(() => {
      if (this.#current === current) current.child.kill();
    });
  }

  #abort(reason: string): void {
    if (!this.#current) return;
    this.#current.abortReason ??= reason;
    this.#current.child.kill();
  }

  /** Finds a cancellation of which the hint got lost, and a task of which we have never heard. */
  async #onBeat(held: readonly HeldTask[]): Promise<void> {
    for (const { pulp_id, state } of held) if (state === 'canceling') this.#cancel(pulp_id);
    const { services, registration } = this.#options;
    await endUnknown(services, registration.lease, held, (task) => task.pulp_id === this.#current?.task.pulp_id);
  }

  #requestStop(): void {
    this.#stopping = true;
    this.#wake();
  }

  #wake(): void {
    this.#hinted = true;
    this.#wakeUp();
  }

  /** Waits for a hint, but not for long. */
  async #idle(milliseconds: number): Promise<void> {
    if (this.#hinted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeUp = () => {};
  }
}
