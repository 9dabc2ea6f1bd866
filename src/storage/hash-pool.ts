/** A few threads that hash large bodies, so that one upload uses several cores and the event loop stays free. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { DigestName, Digests } from '../lib/crypto/digest.ts';
import type { HashReply, HashRequest } from './hash-worker.ts';

/** Time per byte against sha256 with processor support, measured (MiB/s: md5 800, sha1 1870, sha224/256 1760, sha384/512 800). */
const COST: Record<DigestName, number> = { md5: 2.2, sha1: 1, sha224: 1, sha256: 1, sha384: 2.2, sha512: 2.2 };
const MOST_THREADS = 4;

interface Waiting {
  resolve: (reply: HashReply) => void;
  reject: (reason: unknown) => void;
}

class HashThread {
  load = 0;
  readonly #worker = new Worker(new URL('./hash-worker.ts', import.meta.url));
  readonly #waiting = new Map<string, Waiting>();
  #failure: unknown;

  constructor(onGone: (thread: HashThread) => void) {
    this.#worker.on('message', (reply: HashReply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => {
      this.#fail(new Error('A hashing thread has ended'));
      onGone(this);
    });
    this.#worker.unref(); // after the listeners: adding one keeps the process alive again
  }

  send(request: HashRequest): void {
    this.#worker.postMessage(request);
  }

  ask(request: HashRequest, key: string): Promise<HashReply> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(key, { resolve, reject });
      this.send(request);
    });
  }

  end(): Promise<number> {
    return this.#worker.terminate();
  }

  #settle(reply: HashReply): void {
    const key = reply.kind === 'hashed' ? `${reply.session}/${reply.ticket}` : `${reply.session}`;
    this.#waiting.get(key)?.resolve(reply);
    this.#waiting.delete(key);
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

/** The hashing of one body whose pieces are written into shared memory one after another. */
export class HashSession {
  readonly #id: number;
  readonly #parts: { thread: HashThread; cost: number }[];
  #tickets = 0;
  #open = true;

  constructor(id: number, parts: { thread: HashThread; cost: number }[]) {
    this.#id = id;
    this.#parts = parts;
  }

  /** Hashes the bytes at an offset of the memory; they must not change until this resolves. Pieces are taken in order of the calls. */
  async piece(offset: number, length: number): Promise<void> {
    const ticket = this.#tickets++;
    const request = { kind: 'piece', session: this.#id, offset, length, ticket } as const;
    await Promise.all(this.#parts.map(({ thread }) => thread.ask(request, `${this.#id}/${ticket}`)));
  }

  /** The digests; the session is over. */
  async finish(): Promise<Digests> {
    const request = { kind: 'finish', session: this.#id } as const;
    const replies = await Promise.all(this.#parts.map(({ thread }) => thread.ask(request, `${this.#id}`)));
    this.#leave();
    return Object.assign({}, ...replies.map((reply) => (reply.kind === 'digests' ? reply.digests : {})));
  }

  /** Gives the session up; harmless after finish. */
  drop(): void {
    if (!this.#open) return;
    for (const { thread } of this.#parts) thread.send({ kind: 'drop', session: this.#id });
    this.#leave();
  }

  #leave(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const part of this.#parts) part.thread.load -= part.cost;
  }
}

export class HashPool {
  readonly #size: number;
  readonly #threads = new Set<HashThread>();
  #sessions = 0;

  /** Threads start when they are first needed and do not keep the process alive. */
  constructor(size = Math.min(availableParallelism(), MOST_THREADS)) {
    this.#size = size;
  }

  /** Spreads the digests over the threads, the dear ones first, each to the one with the least work. */
  session(names: readonly DigestName[], memory: SharedArrayBuffer): HashSession {
    while (this.#threads.size < this.#size) this.#threads.add(new HashThread((thread) => this.#threads.delete(thread)));
    const session = this.#sessions++;
    const shares = new Map<HashThread, DigestName[]>();
    for (const name of [...names].sort((left, right) => COST[right] - COST[left])) {
      const thread = [...this.#threads].reduce((best, one) => (one.load < best.load ? one : best));
      thread.load += COST[name];
      shares.set(thread, [...(shares.get(thread) ?? []), name]);
    }
    const parts = [...shares].map(([thread, own]) => {
      thread.send({ kind: 'open', session, names: own, memory });
      return { thread, cost: own.reduce((sum, name) => sum + COST[name], 0) };
    });
    return new HashSession(session, parts);
  }

  /** Ends the threads; sessions still open fail. */
  async close(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }
}
