/** At most so many starts in any second. */
import { type Clock, systemClock } from '../process/clock.ts';

const SECOND = 1000;

export class RateLimiter {
  readonly #starts: number[];
  readonly #clock: Clock;
  #next = 0;

  /** `perSecond` is a whole number of at least 1. */
  constructor(perSecond: number, clock: Clock = systemClock) {
    if (!Number.isInteger(perSecond) || perSecond < 1) throw new RangeError(`Not a rate: ${perSecond}`);
    this.#starts = new Array<number>(perSecond).fill(Number.NEGATIVE_INFINITY);
    this.#clock = clock;
  }

  /**
   * Waits for the caller's turn; turns are given in the order of the calls. A turn comes one second after the one `perSecond`
   * places before it, which keeps the promise for every window of a second, not only on average. An aborted caller's turn is lost.
   */
  async take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const now = this.#clock.now();
    const turn = Math.max(now, this.#starts[this.#next]! + SECOND);
    this.#starts[this.#next] = turn;
    this.#next = (this.#next + 1) % this.#starts.length;
    if (turn > now) await this.#clock.sleep(turn - now, signal);
  }
}
