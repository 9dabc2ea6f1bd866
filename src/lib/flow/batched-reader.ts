/** Reads values by key for many callers at once: those who ask while others are being answered share the next reading. */

interface Waiting<V> {
  readonly promise: Promise<V | undefined>;
  readonly resolve: (value: V | undefined) => void;
  readonly reject: (error: unknown) => void;
}

interface BatchLimits {
  /** Keys that are read together. */
  readonly most: number;
  /** Readings that run side by side. */
  readonly atOnce: number;
}

export class BatchedReader<V> {
  readonly #read: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>;
  readonly #limits: BatchLimits;
  #waiting = new Map<string, Waiting<V>>();
  #running = 0;

  constructor(read: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>, limits: BatchLimits) {
    this.#read = read;
    this.#limits = limits;
  }

  /** What a reading that begins after this call finds for the key; undefined when that is nothing. */
  get(key: string): Promise<V | undefined> {
    let waiting = this.#waiting.get(key);
    if (!waiting) {
      waiting = Promise.withResolvers<V | undefined>();
      this.#waiting.set(key, waiting);
      // Whoever asks in the same turn comes along.
      if (this.#waiting.size === 1) setImmediate(() => this.#start());
    }
    return waiting.promise;
  }

  #start(): void {
    while (this.#waiting.size > 0 && this.#running < this.#limits.atOnce) {
      const all = this.#waiting;
      this.#waiting = new Map();
      const batch = new Map<string, Waiting<V>>();
      for (const [key, waiting] of all) (batch.size < this.#limits.most ? batch : this.#waiting).set(key, waiting);
      this.#running++;
      void this.#run(batch);
    }
  }

  async #run(batch: ReadonlyMap<string, Waiting<V>>): Promise<void> {
    try {
      const found = await this.#read([...batch.keys()]);
      for (const [key, { resolve }] of batch) resolve(found.get(key));
    } catch (error) {
      for (const { reject } of batch.values()) reject(error);
    } finally {
      this.#running--;
      this.#start();
    }
  }
}
