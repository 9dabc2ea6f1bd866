/** Applying an asynchronous function to many items, a bounded number at a time. */
import { BoundedChannel } from './bounded.ts';
import { Semaphore } from './semaphore.ts';

interface MapOptions {
  /** Answer in the order of the items instead of in the order of completion. */
  ordered?: boolean;
}

type Items<T> = AsyncIterable<T> | Iterable<T>;
type Outcome<R> = { value: R } | { reason: unknown };

/** Pulls items on demand until stopped; several may pull at once. */
class Source<T> {
  readonly #iterator: AsyncIterator<T> | Iterator<T>;
  #stopped = false;

  constructor(items: Items<T>) {
    this.#iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  }

  async pull(): Promise<{ item: T } | undefined> {
    if (this.#stopped) return undefined;
    const next = await this.#iterator.next();
    if (next.done) this.#stopped = true;
    return next.done ? undefined : { item: next.value };
  }

  stop(): void {
    this.#stopped = true;
  }

  async end(): Promise<void> {
    await this.#iterator.return?.();
  }
}

/**
 * Answers `fn(item)` for every item, with at most `limit` calls running. Items are pulled only when there is room, and results wait
 * for a slow reader (at most twice `limit` of them). The first error stops pulling and is thrown once the running calls have ended;
 * leaving the loop early waits for them too.
 */
export async function* mapConcurrent<T, R>(
  items: Items<T>,
  limit: number,
  fn: (item: T) => Promise<R>,
  options: MapOptions = {},
): AsyncGenerator<R> {
  const source = new Source(items);
  const run = options.ordered ? inOrder(source, limit, fn) : asCompleted(source, limit, fn);
  try {
    yield* run.results;
  } finally {
    source.stop();
    run.abandon();
    await run.ended;
    await source.end();
  }
}

/** Runs `fn` over every item, at most `limit` at once, for its effects. */
export async function forEachConcurrent<T>(
  items: Items<T>,
  limit: number,
  fn: (item: T) => Promise<unknown>,
): Promise<void> {
  for await (const _ of mapConcurrent(items, limit, fn));
}

interface Run<R> {
  results: AsyncIterable<R>;
  /** Wakes everything that waits for the reader. */
  abandon: () => void;
  /** Never rejects. */
  ended: Promise<unknown>;
}

function asCompleted<T, R>(source: Source<T>, limit: number, fn: (item: T) => Promise<R>): Run<R> {
  const channel = new BoundedChannel<R>(limit);
  const worker = async () => {
    for (let next = await source.pull(); next; next = await source.pull()) await channel.put(await fn(next.item));
  };
  const guarded = () =>
    worker().catch((reason) => {
      source.stop();
      channel.fail(reason);
    });
  const ended = Promise.all(Array.from({ length: limit }, guarded)).then(() => channel.close());
  return { results: channel, abandon: () => channel.fail(new Error('The reader has gone')), ended };
}

function inOrder<T, R>(source: Source<T>, limit: number, fn: (item: T) => Promise<R>): Run<R> {
  const permits = new Semaphore(limit);
  const channel = new BoundedChannel<{ outcome: Promise<Outcome<R>>; release: () => void }>(limit);
  const running = new Set<Promise<unknown>>();
  const stop = new AbortController();
  const pump = async () => {
    for (;;) {
      const release = await permits.acquire(1, stop.signal);
      const next = await source.pull();
      if (!next) return channel.close();
      const outcome = settle(fn, next.item);
      running.add(outcome);
      void outcome.then(() => running.delete(outcome));
      await channel.put({ outcome, release });
    }
  };
  const pumped = pump().catch((reason) => channel.fail(reason));
  const abandon = () => {
    stop.abort();
    channel.fail(stop.signal.reason);
  };
  return { results: unwrap(channel), abandon, ended: pumped.then(() => Promise.all(running)) };
}

async function* unwrap<R>(
  channel: BoundedChannel<{ outcome: Promise<Outcome<R>>; release: () => void }>,
): AsyncGenerator<R> {
  for await (const { outcome, release } of channel) {
    const settled = await outcome;
    if ('reason' in settled) throw settled.reason;
    yield settled.value;
    release();
  }
}

async function settle<T, R>(fn: (item: T) => Promise<R>, item: T): Promise<Outcome<R>> {
  try {
    return { value: await fn(item) };
  } catch (reason) {
    return { reason };
  }
}
