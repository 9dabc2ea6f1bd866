/** One transaction on one connection: begin, commit, roll back, savepoints, and another try when it lost a race. */
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import copy from 'pg-copy-streams';
import { copyInText, copyOutText } from './copy-rows.ts';
import { isConnectionError, isRetryable, isServerError, isStalePlan, translateError } from './errors.ts';
import { notifyQuery } from './notify.ts';
import type { Transaction, TransactionOptions } from './queryable.ts';
import type { Sql } from './sql.ts';
import { execute } from './statement.ts';

const tries = 5;

/** Runs the work until it commits, fails for a reason of its own, or lost `tries` races. */
export async function runTransaction<T>(
  connect: () => Promise<pg.PoolClient>,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const client = await connect();
    const tx = new ClientTransaction(client);
    let broken = false;
    try {
      await tx.command(beginText(options));
      const result = await work(tx);
      await tx.command('commit');
      return result;
    } catch (thrown) {
      const error = tx.isOwn(thrown) || isServerError(thrown) ? translateError(thrown) : thrown;
      const stale = isStalePlan(error);
      broken = stale || tx.isLost || !(await rolledBack(client));
      if (attempt >= tries || !(stale || isRetryable(error))) throw error;
    } finally {
      client.release(broken);
    }
    await sleep(Math.random() * 20 * 2 ** attempt);
  }
}

function beginText(options: TransactionOptions): string {
  const modes = [
    options.isolation && `isolation level ${options.isolation}`,
    options.readOnly && 'read only',
    options.deferrable && 'deferrable',
  ].filter(Boolean);
  return ['begin', ...modes].join(' ');
}

async function rolledBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query('rollback');
    return true;
  } catch {
    return false;
  }
}

class ClientTransaction implements Transaction {
  readonly notified = new Set<string>();
  readonly #client: pg.PoolClient;
  #savepoints = 0;
  /** The connection has failed. */
  isLost = false;
  /** Errors of streams, which the work meets as they are. */
  readonly #streamErrors = new WeakSet<Error>();

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  /** Whether an error has come from the connection: the work may fail by other networks, with the very codes of this one. */
  isOwn(error: unknown): boolean {
    return error instanceof Error && this.#streamErrors.has(error);
  }

  async command(text: string): Promise<void> {
    await this.#asked(this.#client.query(text));
  }

  async rows<T>(query: Sql): Promise<T[]> {
    return (await this.#asked(execute(this.#client, query))).rows as T[];
  }

  async row<T>(query: Sql): Promise<T | undefined> {
    return (await this.#asked(execute(this.#client, query))).rows[0] as T | undefined;
  }

  async run(query: Sql): Promise<number> {
    return (await this.#asked(execute(this.#client, query))).rowCount ?? 0;
  }

  async #asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      this.#note(error);
      throw translateError(error);
    }
  }

  #note(error: unknown): void {
    this.isLost ||= isConnectionError(error);
  }

  #watched<T extends Readable | Writable>(stream: T): T {
    stream.once('error', (error) => {
      this.#streamErrors.add(error);
      this.#note(error);
    });
    return stream;
  }

  async notify(channel: string, payload = ''): Promise<void> {
    this.notified.add(channel);
    await this.run(notifyQuery(channel, payload));
  }

  copyIn(table: string, columns: readonly string[]): Writable {
    return this.#watched(this.#client.query(copy.from(copyInText(table, columns))));
  }

  copyOut(query: Sql): Readable {
    return this.#watched(this.#client.query(copy.to(copyOutText(query))));
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    const name = `sp${++this.#savepoints}`;
    await this.command(`savepoint ${name}`);
    try {
      const result = await work();
      await this.command(`release savepoint ${name}`);
      return result;
    } catch (error) {
      if (!this.isLost) await this.command(`rollback to savepoint ${name}; release savepoint ${name}`);
      throw error;
    } finally {
      this.#savepoints--;
    }
  }
}
