/** Tells those who follow the log of events that there is more: one look at the database for all of them. */
import type { Database } from '../../db/database.ts';
import { numberEvents } from '../../model/event.ts';
import { stateChannel } from '../../tasking/queue/queue.ts';

/** Milliseconds between looks without a hint, and at least between looks with one. */
const POLL = 1000;
const PAUSE = 100;

export class EventFeed {
  readonly #db: Database;
  readonly #waiting = new Set<() => void>();
  readonly #stopping = new AbortController();
  #last = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #again = false;
  #unlisten: Promise<() => Promise<void>> | undefined;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Aborted when the process is to end: streams end, and their clients go on elsewhere. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    for (const wake of this.#waiting) wake();
    void this.#unlisten?.then((unlisten) => unlisten()).catch(() => {});
  }

  /**
   * Resolves when there is something behind the position, or when `signal` or the feed is stopped; answers the position
   * up to which events can be read.
   */
  async changed(after: number, signal: AbortSignal): Promise<number> {
    if (this.#last > after || signal.aborted || this.#stopping.signal.aborted) return this.#last;
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      signal.addEventListener('abort', wake);
      this.#waiting.add(wake);
      this.#unlisten ??= this.#db.listen(stateChannel, () => this.#lookSoon(PAUSE));
      this.#lookSoon(PAUSE);
    });
    return this.#last;
  }

  #lookSoon(pause: number): void {
    if (this.#looking) this.#again = true;
    if (this.#looking || this.#stopping.signal.aborted || this.#waiting.size === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), pause).unref();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    this.#again = false;
    try {
      const last = await numberEvents(this.#db);
      if (last > this.#last) {
        this.#last = last;
        for (const wake of this.#waiting) wake();
      }
    } catch {
      // The database is away: the next look may find it.
    }
    this.#looking = false;
    this.#lookSoon(this.#again ? PAUSE : POLL);
  }
}
