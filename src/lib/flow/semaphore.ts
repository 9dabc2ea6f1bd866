/** A bound on how much is done at once: permits, handed out in the order they were asked for. */

interface Waiter {
  weight: number;
  enter: () => void;
}

export class Semaphore {
  readonly #limit: number;
  #free: number;
  readonly #waiters = new Set<Waiter>();

  constructor(limit: number) {
    if (!(limit >= 1)) throw new RangeError(`A semaphore needs at least one permit, not ${limit}`);
    this.#limit = limit;
    this.#free = limit;
  }

  /** Permits that nobody holds. */
  get free(): number {
    return this.#free;
  }

  /** Callers waiting. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Waits for `weight` permits (more than there are counts as all of them) and answers a function that gives them back;
   * calling that twice is harmless. Rejects with the signal's reason when aborted before.
   */
  async acquire(weight = 1, signal?: AbortSignal): Promise<() => void> {
    const wanted = Math.min(weight, this.#limit);
    signal?.throwIfAborted();
    if (this.#waiters.size === 0 && this.#free >= wanted) this.#free -= wanted;
    else await this.#wait(wanted, signal);
    return this.#releaser(wanted);
  }

  /** Runs `work` holding `weight` permits. */
  async use<T>(work: () => Promise<T>, weight = 1, signal?: AbortSignal): Promise<T> {
    const release = await this.acquire(weight, signal);
    try {
      return await work();
    } finally {
      release();
    }
  }

  #wait(weight: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiters.delete(waiter);
        this.#admit();
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        weight,
        enter: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #releaser(weight: number): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#free += weight;
      this.#admit();
    };
  }

  /** Only from the front: a heavy waiter is not overtaken for ever by light ones. */
  #admit(): void {
    for (const waiter of this.#waiters) {
      if (waiter.weight > this.#free) return;
      this.#waiters.delete(waiter);
      this.#free -= waiter.weight;
      waiter.enter();
    }
  }
}
