/** Does something in a transaction that is rolled back, to tell what it would do. */

import type { Transaction } from './database.ts';
import { sql } from './sql.ts';

/** Carries the answer out of the transaction and makes it roll back. */
class Foreseen<T> extends Error {
  readonly answer: T;

  constructor(answer: T) {
    super('foreseen');
    this.answer = answer;
  }
}

type Transact = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;

/** Errors of the work are thrown as they would be by the act itself, those of deferred constraints too. */
export async function foresee<T>(transact: Transact, work: (tx: Transaction) => Promise<T>): Promise<T> {
  try {
    return await transact(async (tx): Promise<T> => {
      const answer = await work(tx);
      await tx.run(sql.raw('set constraints all immediate'));
      throw new Foreseen(answer);
    });
  } catch (error) {
    if (error instanceof Foreseen) return error.answer as T;
    throw error;
  }
}
