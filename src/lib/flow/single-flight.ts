/** Sharing of one running piece of work between all who ask for the same thing at the same time. */

/** Nothing is remembered: when the work has ended, the next call starts it anew. */
export class SingleFlight<Key, Value> {
  readonly #running = new Map<Key, Promise<Value>>();

  /** Starts `work`, or joins the one already running for this key; all get the same value or error. */
  run(key: Key, work: () => Promise<Value>): Promise<Value> {
    const running = this.#running.get(key);
    if (running) return running;
    const started = (async () => {
      try {
        return await work();
      } finally {
        this.#running.delete(key);
      }
    })();
    this.#running.set(key, started);
    return started;
  }

  /** True while work for the key is running. */
  has(key: Key): boolean {
    return this.#running.has(key);
  }
}
