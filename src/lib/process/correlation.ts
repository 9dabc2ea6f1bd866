/** The correlation id: one word that joins all log lines of a request, of its tasks and of their children. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

const storage = new AsyncLocalStorage<string>();

/** Runs the work, and everything it starts, under the id. */
export function withCorrelationId<T>(id: string, work: () => T): T {
  return storage.run(id, work);
}

/** The id under which the caller runs, if any. */
export function correlationId(): string | null {
  return storage.getStore() ?? null;
}

/** An id for a request that brought none: 32 hexadecimal digits. */
export function newCorrelationId(): string {
  return randomUUID().replaceAll('-', '');
}
