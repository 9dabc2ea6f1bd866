/** The thread in which jq runs: filters are written by users, and one that never ends must stop nobody else. */
import { parentPort } from 'node:worker_threads';
import { raw } from 'jq-wasm';

export interface JqJob {
  readonly id: number;
  /** JSON. */
  readonly input: string;
  readonly filter: string;
}

export type JqDone = { readonly id: number } & ({ readonly output: string } | { readonly error: string });

parentPort?.on('message', async ({ id, input, filter }: JqJob) => {
  try {
    parentPort?.postMessage({ id, output: await raw(input, filter, ['-c']) } satisfies JqDone);
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) } satisfies JqDone);
  }
});
