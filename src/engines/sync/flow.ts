/** Joins the stages of a sync: each runs ahead of the next by a bounded number of items, and all end together. */
import { BoundedChannel } from '../../lib/flow/bounded.ts';

export class Flow {
  readonly #channels: BoundedChannel<unknown>[] = [];
  readonly #pumps: Promise<void>[] = [];

  /** Runs a source in the background, at most `ahead` items before its reader. */
  join<T>(source: AsyncIterable<T>, ahead: number): BoundedChannel<T> {
    return this.run(ahead, async (channel) => {
      for await (const item of source) await channel.put(item);
    });
  }

  /** A channel filled by some work in the background; its end closes the channel, its error is thrown to the reader. */
  run<T>(ahead: number, work: (channel: BoundedChannel<T>) => Promise<void>): BoundedChannel<T> {
    const channel = new BoundedChannel<T>(ahead);
    const pump = work(channel).then(
      () => channel.close(),
      (reason) => channel.fail(reason),
    );
    this.#channels.push(channel as BoundedChannel<unknown>);
    this.#pumps.push(pump);
    return channel;
  }

  /** Stops whatever still runs and waits until nothing does. */
  async end(): Promise<void> {
    for (const channel of this.#channels) channel.fail(new Error('The sync has ended'));
    await Promise.all(this.#pumps);
  }
}
