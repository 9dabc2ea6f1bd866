/** What runs statements: the database itself, or one transaction on it. */
import type { Readable, Writable } from 'node:stream';
import type { Sql } from './sql.ts';

/** Anything that runs statements: the database itself or a transaction. */
export interface Queryable {
  /** All rows. */
  rows<T>(query: Sql): Promise<T[]>;
  /** The first row, if any. */
  row<T>(query: Sql): Promise<T | undefined>;
  /** Runs a statement and tells how many rows it touched. */
  run(query: Sql): Promise<number>;
  /** Sends a notification; inside a transaction it goes out with the commit. At most 7999 bytes. */
  notify(channel: string, payload?: string): Promise<void>;
}

export interface Transaction extends Queryable {
  /** Channels to which it sends notifications. */
  readonly notified: ReadonlySet<string>;
  /** A sink for COPY's text format; `copyRows` feeds it with values. */
  copyIn(table: string, columns: readonly string[]): Writable;
  /** The rows of a query without parameters in COPY's text format. */
  copyOut(query: Sql): Readable;
  /** Work that may fail without failing the transaction: its changes are undone and the error is thrown on. */
  savepoint<T>(work: () => Promise<T>): Promise<T>;
}

export interface TransactionOptions {
  isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readOnly?: boolean;
  deferrable?: boolean;
}
