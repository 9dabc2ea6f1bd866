/** What any living process does for all from time to time: end what the dead have left, unblock, dispatch what is due. */
import { setTimeout as sleep } from 'node:timers/promises';
import { removeOldEvents } from '../../model/event.ts';
import { dispatchDueSchedules } from '../schedules/schedules.ts';
import { type CleanUp, cleanUpMissing } from '../worker/clean-up-missing.ts';
import { logTrouble } from '../worker/log-trouble.ts';
import { deadFilesRemover } from '../worker/remove-dead-files.ts';
import type { DispatchServices } from './dispatch.ts';
import { unblockAll } from './queue.ts';

const longestInterval = 10;
/** Milliseconds between removals of old events. */
const removalInterval = 600_000;

interface MaintenanceOptions extends Pick<CleanUp, 'undo' | 'host'> {
  readonly services: DispatchServices;
  /** Undefined while this process is not registered: then it judges nobody. */
  readonly lease: () => number | undefined;
  /** Of the process, for those who ask who looks at the schedules. */
  readonly name: string;
  /** Whether due schedules are dispatched and blocked tasks looked at: workers do, others need not. */
  readonly schedules: boolean;
}

export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #interval: number;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #notBefore = 0;
  #nextRemoval = 0;
  readonly #removeDeadFiles: () => Promise<void>;
  #lastSchedules = Number.NEGATIVE_INFINITY;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#removeDeadFiles = deadFilesRemover(options.services);
    // A missing process is found within its time to live and one interval.
    this.#interval = Math.min(longestInterval, options.services.settings.workerTtl / 3) * 1000;
  }

  /** The first round is done when this returns. */
  async start(): Promise<void> {
    await this.#round();
    this.#running = this.#repeat();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** After a time without the database: others get a chance to show up before they are taken for missing. */
  postpone(): void {
    this.#notBefore = performance.now() + (this.#options.services.settings.workerTtl / 2) * 1000;
  }

  async #repeat(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const pause = this.#options.schedules
        ? Math.min(this.#interval, this.#options.services.settings.schedulerInterval * 1000)
        : this.#interval;
      await sleep(pause, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted) await this.#round();
    }
  }

  async #round(): Promise<void> {
    const lease = this.#options.lease();
    if (lease === undefined) return;
    const { services, undo, host, schedules } = this.#options;
    try {
      if (performance.now() >= this.#notBefore) await cleanUpMissing({ services, undo, lease, host });
      await this.#removeDeadFiles();
      if (schedules) await unblockAll(services.db);
      if (schedules && this.#schedulesAreDue()) await dispatchDueSchedules(services, this.#options.name);
      if (schedules) await this.#removeOldEvents();
    } catch (error) {
      logTrouble(services.logger, error, 'The queue could not be looked after; it is tried again.');
    }
  }

  async #removeOldEvents(): Promise<void> {
    const now = performance.now();
    if (now < this.#nextRemoval) return;
    this.#nextRemoval = now + removalInterval;
    await removeOldEvents(this.#options.services.db, this.#options.services.settings.eventRetention);
  }

  #schedulesAreDue(): boolean {
    const now = performance.now();
    if (now - this.#lastSchedules < this.#options.services.settings.schedulerInterval * 1000 - 50) return false;
    this.#lastSchedules = now;
    return true;
  }
}
