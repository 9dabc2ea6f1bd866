/** Access to PostgreSQL for the whole program: queries, transactions, COPY and notifications over one pool. */
import pg from 'pg';
import { isConnectionError, isStalePlan, translateError } from './errors.ts';
import { Listener, type PayloadHandler } from './listener.ts';
import { notifyQuery } from './notify.ts';
import { valueTypes } from './parse-values.ts';
import type { Queryable, Transaction, TransactionOptions } from './queryable.ts';
import type { Sql } from './sql.ts';
import { execute, prepareSession } from './statement.ts';
import { runTransaction } from './transaction.ts';

export type { Queryable, Transaction, TransactionOptions } from './queryable.ts';

export interface Database extends Queryable {
  /**
   * Runs the work in one transaction and commits it, or rolls it back when the work throws. On deadlocks and
   * serialization failures everything is run again, so the work must not have effects outside the database.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Hears notifications until the returned function is called. They are hints: some may be lost on reconnection. */
  listen(channel: string, onPayload: PayloadHandler): Promise<() => Promise<void>>;
  /** Called after the listening connection came back: whatever depends on notifications must be looked at anew. */
  onReconnect(callback: () => void): () => void;
  /** Connections of this process: open ones, idle ones of them, and how many wait for one. */
  poolUsage?(): { open: number; idle: number; awaited: number };
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  poolSize?: number;
  /** Shown in pg_stat_activity. */
  applicationName?: string;
  /** How long to wait for a connection of the pool or of the network. */
  connectTimeout?: number;
}

/** Connection settings shared by the pool and by the connections outside it. */
export function connectionConfig(options: DatabaseOptions): pg.ClientConfig {
  return {
    connectionString: options.url,
    application_name: options.applicationName ?? 'deckle',
    connectionTimeoutMillis: options.connectTimeout ?? 10_000,
    keepAlive: true,
    types: valueTypes,
  };
}

/** Opens the database; connections are made when they are needed, so this succeeds while it is away. */
export function openDatabase(options: DatabaseOptions): Database {
  return new PooledDatabase(options);
}

class PooledDatabase implements Database {
  readonly #pool: pg.Pool;
  readonly #listener: Listener;
  readonly #reconnected = new Set<() => void>();

  constructor(options: DatabaseOptions) {
    const config = connectionConfig(options);
    this.#pool = new pg.Pool({
      ...config,
      max: options.poolSize ?? 10,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
      onConnect: (client) => prepareSession(client) as unknown as undefined,
    });
    // An idle connection was lost: the pool has dropped it already and the next query opens another.
    this.#pool.on('error', () => {});
    // One in use was lost: its query fails with the same error, and without a listener the process would end.
    this.#pool.on('connect', (client) => client.on('error', () => {}));
    this.#listener = new Listener({ ...config, application_name: `${config.application_name} listen` }, () => {
      for (const callback of this.#reconnected) callback();
    });
  }

  async rows<T>(query: Sql): Promise<T[]> {
    return (await this.#execute(query)).rows as T[];
  }

  async row<T>(query: Sql): Promise<T | undefined> {
    return (await this.#execute(query)).rows[0] as T | undefined;
  }

  async run(query: Sql): Promise<number> {
    return (await this.#execute(query)).rowCount ?? 0;
  }

  async notify(channel: string, payload = ''): Promise<void> {
    await this.run(notifyQuery(channel, payload));
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return runTransaction(() => this.#connect(), work, options);
  }

  listen(channel: string, onPayload: PayloadHandler): Promise<() => Promise<void>> {
    return this.#listener.listen(channel, onPayload);
  }

  onReconnect(callback: () => void): () => void {
    this.#reconnected.add(callback);
    return () => void this.#reconnected.delete(callback);
  }

  poolUsage(): { open: number; idle: number; awaited: number } {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { open: totalCount, idle: idleCount, awaited: waitingCount };
  }

  async close(): Promise<void> {
    await Promise.all([this.#listener.close(), this.#pool.ended ? undefined : this.#pool.end()]);
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw translateError(error);
    }
  }

  async #execute(query: Sql): Promise<pg.QueryResult> {
    const client = await this.#connect();
    try {
      const result = await execute(client, query);
      client.release();
      return result;
    } catch (error) {
      const stale = isStalePlan(error);
      client.release(stale || isConnectionError(error));
      if (stale) return this.#execute(query.unprepared);
      throw translateError(error);
    }
  }
}
