/** One fetch from upstream that any number of clients read along with, in memory or in a temporary file. */
import { rm } from 'node:fs/promises';
import type { Digests } from '../../lib/crypto/digest.ts';
import { closeFile, openFile } from './copy-file.ts';

/** State of a fetch; written by the fetching side (fetch-file.ts), read by those who send (send-flight.ts). */
export class Flight {
  /** Ends the fetch. */
  readonly abort = new AbortController();
  /** Set as soon as it is known. */
  size: number | undefined;
  /** What upstream says the body is. */
  contentType: string | undefined;
  /** The whole body, verified. */
  bytes: Buffer | undefined;
  /** Set when the body is complete and verified. */
  digests: Digests | undefined;
  /** Bytes of the temporary file that may be sent. All but some of the end are held back until the digests are right. */
  available = 0;
  readonly #keepsOn: boolean;
  #fd: number | undefined;
  #readers = 0;
  #ended = false;
  #failure: { reason: unknown } | undefined;
  #waiting: (() => void)[] = [];

  /** With `keepsOn` the fetch goes on when all readers have left, because its result is saved. */
  constructor(keepsOn: boolean) {
    this.#keepsOn = keepsOn;
  }

  /** Readers have begun to follow a file: no other source can take its place. */
  get streaming(): boolean {
    return this.#fd !== undefined;
  }

  get complete(): boolean {
    return this.digests !== undefined;
  }

  join(): void {
    this.#readers++;
  }

  /** Every join is followed by one leave. */
  leave(): void {
    this.#readers--;
    if (this.#readers > 0) return;
    if (!this.#keepsOn && !this.complete) this.abort.abort(new Error('all clients have gone'));
    this.#closeIfUnused();
  }

  /** From now on readers follow a file that is being written; it may be moved or removed, but not changed. */
  async follow(path: string): Promise<void> {
    this.#fd ??= await openFile(path, 'r');
  }

  /** Descriptor of the file that is followed. */
  get fd(): number {
    return this.#fd!;
  }

  advance(available: number): void {
    if (available <= this.available) return;
    this.available = available;
    this.#wake();
  }

  /** The body is complete and right. */
  succeed(digests: Digests, size: number, bytes?: Buffer): void {
    this.size = size;
    this.bytes = bytes;
    this.digests = digests;
    this.available = size;
    this.#wake();
  }

  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#wake();
  }

  /** The fetching side is done, with saving too. */
  end(): void {
    this.#ended = true;
    this.#wake();
    this.#closeIfUnused();
  }

  /** Waits until the fetching side is done, with saving too. */
  async untilEnded(): Promise<void> {
    while (!this.#ended) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Waits until a condition holds. Rejects with the reason when the fetch fails before. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#failure) throw this.#failure.reason;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #closeIfUnused(): void {
    if (!this.#ended || this.#readers > 0 || this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    closeFile(fd).catch(() => undefined);
  }
}

export async function removeQuietly(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}
