/** One transaction on one connection: begin, commit, roll back, savepoints, and another try when it lost a race. */
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import copy from 'pg-copy-streams';
import { copyInText, copyOutText } from './copy-rows.ts';
import { isConnectionError, isRetryable, isStalePlan, translateError } from './errors.ts';
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
    let broken = false;
    try {
      await client.query(beginText(options));
      const result = await work(new ClientTransaction(client));
      await client.query('commit');
      return result;
    } catch (error) {
      const stale = isStalePlan(error);
      broken = stale || isConnectionError(error) || !(await rolledBack(client));
      if (attempt >= tries || !(stale || isRetryable(error))) throw translateError(error);
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

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  async rows<T>(query: Sql): Promise<T[]> {
    return (await execute(this.#client, query)).rows as T[];
  }

  async row<T>(query: Sql): Promise<T | undefined> {
    return (await execute(this.#client, query)).rows[0] as T | undefined;
  }

  async run(query: Sql): Promise<number> {
    return (await execute(this.#client, query)).rowCount ?? 0;
  }

  async notify(channel: string, payload = ''): Promise<void> {
    this.notified.add(channel);
    await this.run(notifyQuery(channel, payload));
  }

  copyIn(table: string, columns: readonly string[]): Writable {
    return this.#client.query(copy.from(copyInText(table, columns)));
  }

  copyOut(query: Sql): Readable {
    return this.#client.query(copy.to(copyOutText(query)));
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    const name = `sp${++this.#savepoints}`;
    await this.#client.query(`savepoint ${name}`);
    try {
      const result = await work();
      await this.#client.query(`release savepoint ${name}`);
      return result;
    } catch (error) {
      if (!isConnectionError(error)) {
        await this.#client.query(`rollback to savepoint ${name}; release savepoint ${name}`);
      }
      throw error;
    } finally {
      this.#savepoints--;
    }
  }
}
