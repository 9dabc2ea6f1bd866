/** The body of an answer as it comes from the network, read piece by piece, with backpressure. */

/** Steering of the transfer. */
export interface Transfer {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

/** What waits for the reader before the network is stopped. */
const HIGH_WATER = 256 * 1024;
/** A reader that takes nothing for so long may be waiting for another download: it must not keep that from starting. */
const STALL = 1000;
/** An unwanted rest of this size is cheaper read than a new connection. */
const CHEAP_REST = 64 * 1024;

/** One reader only; its pieces are handed on as they came. A plain iterator, because streams cost more than small files do. */
export class ResponseBody implements AsyncIterableIterator<Uint8Array> {
  readonly #transfer: Transfer;
  readonly #length: number | undefined;
  #pieces: Uint8Array[] = [];
  #waiting = 0;
  #received = 0;
  #paused = false;
  #ended = false;
  #discarding = false;
  #failure: { error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #stall: NodeJS.Timeout | undefined;
  #free = false;
  #onFree: (() => void)[] = [];
  #onEnd: (() => void)[] = [];

  /** `length` as announced by the server. */
  constructor(transfer: Transfer, length?: number) {
    this.#transfer = transfer;
    this.#length = length;
  }

  /** The error that ended the transfer early; not when the reader did. */
  get failure(): unknown {
    return this.#failure?.error;
  }

  /** Called once, as soon as the connection is no longer used, or the reader has stopped reading for a while. */
  onFree(callback: () => void): void {
    if (this.#free) callback();
    else this.#onFree.push(callback);
  }

  /** Called once, when the transfer is over, one way or another. */
  onEnd(callback: () => void): void {
    if (this.#ended) callback();
    else this.#onEnd.push(callback);
  }

  push(piece: Uint8Array): void {
    this.#received += piece.byteLength;
    if (this.#discarding) return;
    this.#pieces.push(piece);
    this.#waiting += piece.byteLength;
    if (this.#waiting >= HIGH_WATER && !this.#paused) this.#pause();
    this.#notify();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#release();
    for (const callback of this.#onEnd.splice(0)) callback();
    this.#notify();
  }

  fail(error: unknown): void {
    if (this.#ended) return;
    this.#failure ??= { error };
    this.end();
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    while (this.#pieces.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure) throw this.#failure.error;
    const value = this.#pieces.shift();
    if (value === undefined) return { done: true, value: undefined };
    this.#waiting -= value.byteLength;
    if (this.#paused && this.#waiting < HIGH_WATER) this.#resume();
    return { done: false, value };
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.cancel();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The rest is not wanted; harmless after the end. */
  cancel(): void {
    if (this.#ended || this.#discarding) return;
    this.#discarding = true;
    this.#pieces = [];
    if (this.#paused) this.#resume();
    const rest = (this.#length ?? Number.POSITIVE_INFINITY) - this.#received;
    if (rest <= CHEAP_REST) return;
    this.end();
    this.#transfer.abort(new Error('The answer is not wanted any more'));
  }

  #pause(): void {
    this.#paused = true;
    this.#transfer.pause();
    this.#stall = setTimeout(() => this.#release(), STALL);
    this.#stall.unref();
  }

  #resume(): void {
    this.#paused = false;
    clearTimeout(this.#stall);
    this.#transfer.resume();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #release(): void {
    clearTimeout(this.#stall);
    if (this.#free) return;
    this.#free = true;
    for (const callback of this.#onFree.splice(0)) callback();
  }
}
