/** A task context whose reads and writes all happen in one transaction of the task, so that everything can be taken back. */
import type { Database, Transaction } from '../../../db/database.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';

export function insideOf(context: TaskContext, tx: Transaction): TaskContext {
  const within = <T>(work: (inner: Transaction) => Promise<T>): Promise<T> => tx.savepoint(() => work(tx));
  const db: Database = Object.assign(Object.create(context.db) as Database, {
    row: tx.row.bind(tx),
    rows: tx.rows.bind(tx),
    run: tx.run.bind(tx),
    notify: tx.notify.bind(tx),
    transaction: within,
  });
  return { ...context, db, write: within, created: () => {} };
}
