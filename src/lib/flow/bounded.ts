/** Bounded hand-over between the stages of a pipeline: a slow reader stops the writer, an error reaches both sides. */
import { setImmediate } from 'node:timers/promises';

type Wake = () => void;

/**
 * A queue of at most `limit` items between any number of writers and readers.
 * End it with close (readers get what is left) or fail (both sides get the error at once, what is left is dropped).
 */
export class BoundedChannel<T> implements AsyncIterable<T> {
  readonly #limit: number;
  #items: T[] = [];
  #head = 0;
  #ended = false;
  #failure: { reason: unknown } | undefined;
  #writers: Wake[] = [];
  #readers: Wake[] = [];

  constructor(limit: number) {
    if (!(limit >= 1)) throw new RangeError(`A channel needs room for at least one item, not ${limit}`);
    this.#limit = limit;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** No more items will come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Waits for room, then adds. Rejects with the error of fail(), or when the channel was closed. */
  async put(item: T): Promise<void> {
    while (this.size >= this.#limit && !this.#ended) await this.#wait(this.#writers);
    if (this.#failure) throw this.#failure.reason;
    if (this.#ended) throw new Error('The channel is closed');
    this.#items.push(item);
    this.#readers.shift()?.();
  }

  /** Waits for an item; undefined when the channel is closed and empty. Rejects with the error of fail(). */
  async take(): Promise<T | undefined> {
    const batch = await this.takeBatch(1);
    return batch[0];
  }

  /** Waits for at least one item and takes up to `most` that are there; an empty array means closed and empty. */
  async takeBatch(most: number): Promise<T[]> {
    while (this.size === 0 && !this.#ended) await this.#wait(this.#readers);
    if (this.#failure) throw this.#failure.reason;
    const taken = this.#items.slice(this.#head, this.#head + most);
    this.#head += taken.length;
    this.#compact();
    for (const wake of this.#writers.splice(0, taken.length)) wake();
    if (this.size > 0) this.#readers.shift()?.();
    return taken;
  }

  /** No more items will come. */
  close(): void {
    this.#end();
  }

  /** Ends both sides with this error; only the first error counts. */
  fail(reason: unknown): void {
    if (this.#failure) return;
    this.#failure = { reason };
    this.#items = [];
    this.#head = 0;
    this.#end();
  }

  /** Leaving the loop early fails the channel, so that writers do not wait for ever. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    let finished = false;
    try {
      for (;;) {
        const batch = await this.takeBatch(1);
        if (batch.length === 0) break;
        yield batch[0] as T;
      }
      finished = true;
    } finally {
      if (!finished) this.fail(new Error('The reader of the channel has gone'));
    }
  }

  /** Groups of up to `most` items, as many as are there once the writers have put what they have at hand. */
  async *batches(most: number): AsyncGenerator<T[]> {
    const next = async () => {
      while (this.size === 0 && !this.#ended) await this.#wait(this.#readers);
      if (this.size < most && !this.#ended) await setImmediate();
      return await this.takeBatch(most);
    };
    let finished = false;
    try {
      for (let batch = await next(); batch.length > 0; batch = await next()) yield batch;
      finished = true;
    } finally {
      if (!finished) this.fail(new Error('The reader of the channel has gone'));
    }
  }

  #wait(list: Wake[]): Promise<void> {
    return new Promise((resolve) => list.push(resolve));
  }

  /** Every sleeper wakes up and looks for itself. */
  #end(): void {
    this.#ended = true;
    for (const wake of [...this.#writers.splice(0), ...this.#readers.splice(0)]) wake();
  }

  /** Taken items are dropped now and then, not one by one: shift() on a long array copies it. */
  #compact(): void {
    if (this.#head === this.#items.length || this.#head >= 1024) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}
