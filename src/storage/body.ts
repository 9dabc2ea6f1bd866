/** Reading of bodies: pieces of any source, with limits and cancelling. */
import type { DigestName, Digests } from '../lib/crypto/digest.ts';
import { mismatchedDigest } from '../lib/crypto/digest.ts';
import { BodyTooLarge, DigestMismatch, SizeMismatch } from './storage-errors.ts';

/** What bytes may come from: a stream, a generator, pieces in memory. */
export type BodySource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** What a body must be; digests in any case of letters. */
export interface Expected {
  size?: number | null | undefined;
  digests?: Partial<Record<DigestName, string | null | undefined>> | undefined;
}

/** A stream waiting for data can be ended from outside only by destroying it. */
interface Destroyable {
  destroy(): unknown;
}

/**
 * The pieces of a source one by one. An abort ends a read that waits for data; the source is ended (a stream destroyed)
 * whenever its reader stops.
 */
export class BodyReader {
  readonly #iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #source: BodySource;
  readonly #signal: AbortSignal | undefined;
  readonly #limit: number;
  readonly #expectedSize: number | undefined;
  #done = false;
  size = 0;

  constructor(source: BodySource, limits: { expected?: Expected; maxSize?: number; signal?: AbortSignal }) {
    this.#source = source;
    this.#iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    this.#signal = limits.signal;
    this.#limit = limits.maxSize ?? Number.POSITIVE_INFINITY;
    this.#expectedSize = limits.expected?.size ?? undefined;
  }

  /** The next piece, undefined at the end. Throws BodyTooLarge and SizeMismatch as soon as they are certain. */
  async next(): Promise<Uint8Array | undefined> {
    const next = await this.#pull();
    if (next.done) {
      this.#done = true;
      if (this.#expectedSize !== undefined && this.size !== this.#expectedSize) {
        throw new SizeMismatch(this.#expectedSize, this.size);
      }
      return undefined;
    }
    this.size += next.value.byteLength;
    if (this.size > this.#limit) throw new BodyTooLarge(this.#limit);
    if (this.#expectedSize !== undefined && this.size > this.#expectedSize) {
      throw new SizeMismatch(this.#expectedSize, this.size);
    }
    return next.value;
  }

  /** Ends a source that was not read to its end. An abort does not wait for a source that hangs. */
  async close(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    if (this.#signal?.aborted && isDestroyable(this.#source)) this.#source.destroy();
    const ended = Promise.resolve(this.#iterator.return?.()).catch(() => undefined);
    if (!this.#signal?.aborted) await ended;
  }

  async #pull(): Promise<IteratorResult<Uint8Array>> {
    const signal = this.#signal;
    if (!signal) return this.#iterator.next();
    signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([this.#iterator.next(), aborted]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}

/** Throws DigestMismatch for the first digest that is not as expected. */
export function checkDigests(actual: Digests, expected: Expected['digests']): void {
  if (!expected) return;
  const wanted: Digests = {};
  for (const [name, value] of Object.entries(expected)) if (value) wanted[name as DigestName] = value;
  const name = mismatchedDigest(actual, wanted);
  if (name) throw new DigestMismatch(name, wanted[name]!, actual[name]!);
}

function isDestroyable(source: object): source is Destroyable {
  return 'destroy' in source && typeof source.destroy === 'function';
}
