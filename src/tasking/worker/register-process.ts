/** Keeps a process in the table of living ones: signs of life, loss of the lease, and coming back under a new one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../db/sql.ts';
import { noteFunctions } from '../../model/tasks/app-status.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import type { Holder } from '../queue/task-row.ts';
import { beatInterval, type Entry, enter, leave, NameTaken } from './app-status.ts';
import { logTrouble } from './log-trouble.ts';

/** A task held under our lease, as a sign of life reports it. */
export interface HeldTask {
  id: number;
  pulp_id: string;
  state: 'running' | 'canceling';
  /** Seconds since its start. */
  age: number;
}

interface RegistrationEvents {
  /** After each sign of life that was written. */
  onBeat?(held: readonly HeldTask[]): void | Promise<void>;
  /** The lease is gone, or nobody could be told that we live for so long that it must be taken for gone. */
  onLost?(): void | Promise<void>;
  /** A lease is held again: the former one when the database was away, or a new one. */
  onRegained?(): void | Promise<void>;
  /** The lease is gone and another live process has our name: this one has to end. */
  onReplaced?(error: NameTaken): void | Promise<void>;
}

type RegistrationServices = Pick<Services, 'db' | 'logger'>;

export class Registration {
  readonly #services: RegistrationServices;
  #entry: Entry;
  readonly #stop = new AbortController();
  events: RegistrationEvents = {};
  #lease: number;
  #valid = true;
  #lastBeat = performance.now();
  #running: Promise<void> = Promise.resolve();

  private constructor(services: RegistrationServices, entry: Entry, lease: number) {
    this.#services = services;
    this.#entry = entry;
    this.#lease = lease;
  }

  /** Registers; throws NameTaken when another live process has the name. `start` begins the signs of life. */
  static async enter(services: RegistrationServices, entry: Entry): Promise<Registration> {
    return new Registration(services, entry, await enter(services.db, entry));
  }

  get name(): string {
    return this.#entry.name;
  }

  /** Number of the current or last lease. */
  get lease(): number {
    return this.#lease;
  }

  /** Undefined while nothing may be begun in the name of this process. */
  get holder(): Holder | undefined {
    return this.#valid ? { lease: this.#lease, worker: this.#entry.name } : undefined;
  }

  /** Tells the queue which tasks this process can run, where that has changed; later leases say the same. */
  async learn(functions: readonly string[]): Promise<void> {
    const { functions: known = [] } = this.#entry;
    if (functions.length === known.length && functions.every((name, at) => known[at] === name)) return;
    this.#entry = { ...this.#entry, functions };
    await noteFunctions(this.#services.db, this.#lease, functions);
  }

  start(events: RegistrationEvents): void {
    this.events = events;
    this.#running = this.#keepAlive();
  }

  /** Ends the signs of life and removes the row. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await leave(this.#services.db, this.#lease).catch(() => {});
  }

  async #keepAlive(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // While the lease is in doubt every second counts.
      const pause = this.#valid ? beatInterval(this.#entry) : Math.min(1, beatInterval(this.#entry));
      await sleep(pause * 1000, undefined, { signal: this.#stop.signal, ref: false }).catch(() => {});
      if (!this.#stop.signal.aborted) await this.#beat();
    }
  }

  async #beat(): Promise<void> {
    try {
      const held = await this.#write();
      if (this.#stop.signal.aborted) return;
      if (held) await this.#alive(held);
      else await this.#enterAgain();
    } catch (error) {
      if (error instanceof NameTaken) return this.#replaced(error);
      logTrouble(this.#services.logger, error, 'No sign of life could be given to the database.');
      if (performance.now() - this.#lastBeat > this.#entry.ttl * 1000) await this.#lose();
    }
  }

  /** Gives up in time when the database does not answer: the lease may be lost by then. */
  async #write(): Promise<HeldTask[] | null> {
    const late = new AbortController();
    const remaining = Math.max(this.#entry.ttl * 1000 - (performance.now() - this.#lastBeat), 1000);
    const written = this.#services.db.row<{ held: HeldTask[] | null }>(sql`select beat(${this.#lease}) as held`);
    written.catch(() => {});
    const timeout = sleep(remaining, undefined, { signal: late.signal, ref: false }).then(() => {
      throw new Error(`The database has not answered for ${Math.round(remaining)} ms.`);
    });
    timeout.catch(() => {});
    try {
      return (await Promise.race([written, timeout]))?.held ?? null;
    } finally {
      late.abort();
    }
  }

  async #alive(held: HeldTask[]): Promise<void> {
    this.#lastBeat = performance.now();
    if (!this.#valid) {
      this.#valid = true;
      await this.events.onRegained?.();
    }
    await this.events.onBeat?.(held);
  }

  /** Others have removed us: what we were doing is ended by them, and we begin anew. */
  async #enterAgain(): Promise<void> {
    this.#services.logger.warn({}, `${this.#entry.name} was taken for missing; it registers anew.`);
    await this.#lose();
    this.#lease = await enter(this.#services.db, this.#entry);
    await this.#alive([]);
  }

  async #replaced(error: NameTaken): Promise<void> {
    this.#stop.abort();
    await this.events.onReplaced?.(error);
  }

  async #lose(): Promise<void> {
    if (!this.#valid) return;
    this.#valid = false;
    await this.events.onLost?.();
  }
}
