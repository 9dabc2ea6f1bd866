/** Runs jq filters on JSON: plain paths at once, everything else in jq itself, compiled to WebAssembly, in a thread of its own. */
import { Worker } from 'node:worker_threads';
import type { JqDone, JqJob } from './jq-worker.ts';

const PLAIN_PATH = /^(\.[A-Za-z_][A-Za-z0-9_]*)+$/;
/** Milliseconds a filter may take; the first also waits for the thread. */
const TIME_LIMIT = 2000;

/** The first result of a filter, undefined when it has none. Throws for what jq refuses, and for filters that take too long. */
export async function firstResult(input: unknown, filter: string): Promise<unknown> {
  const trimmed = filter.trim();
  if (trimmed === '.') return input;
  if (PLAIN_PATH.test(trimmed)) return followPath(input, trimmed.slice(1).split('.'));
  const output = await thread.run(JSON.stringify(input), `first(${trimmed})`);
  const [line] = output.split('\n', 1);
  return line ? JSON.parse(line) : undefined;
}

interface Waiting {
  resolve(output: string): void;
  reject(error: Error): void;
}

/** Started when first needed, and anew after a filter that had to be stopped; keeps no process alive. */
class JqThread {
  #worker: Worker | undefined;
  #last = 0;
  readonly #waiting = new Map<number, Waiting>();

  async run(input: string, filter: string): Promise<string> {
    const worker = this.#start();
    const id = ++this.#last;
    const timer = setTimeout(() => void this.#stop(worker, new Error('The jq filter takes too long.')), TIME_LIMIT);
    try {
      return await new Promise<string>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        worker.postMessage({ id, input, filter } satisfies JqJob);
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) worker.unref();
    }
  }

  #start(): Worker {
    this.#worker ??= this.#make();
    const worker = this.#worker;
    worker.ref();
    return worker;
  }

  #make(): Worker {
    const worker = new Worker(new URL('./jq-worker.ts', import.meta.url));
    worker.on('message', (done: JqDone) => {
      const waiting = this.#waiting.get(done.id);
      if ('error' in done) waiting?.reject(new Error(done.error));
      else waiting?.resolve(done.output);
    });
    worker.on('error', (error: Error) => void this.#stop(worker, error));
    return worker;
  }

  /** Whoever waits for the same thread is refused with it: only whoever sends many slow filters meets that. */
  async #stop(worker: Worker, error: Error): Promise<void> {
    if (this.#worker === worker) this.#worker = undefined;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    await worker.terminate();
  }
}

const thread = new JqThread();

function followPath(input: unknown, names: readonly string[]): unknown {
  let value = input;
  for (const name of names) {
    if (value === null || value === undefined) return null;
    if (typeof value !== 'object' || Array.isArray(value))
      throw new TypeError(`Cannot index ${typeof value} with "${name}"`);
    value = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null;
  }
  return value;
}
