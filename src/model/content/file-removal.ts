/** Removing files of the storage: not while a backup copies them, nor while the operator has it switched off. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

/** Held alone by a backup from before its snapshot until its last file, shared by whoever deletes rows that name files. */
export const fileRemovalLock = 'deckle removal of files';

/** For logs. */
export const waitingForBackup = 'The removal of files waits for a backup or for maintenance to end.';

const ASK_AGAIN = 2_000;

/**
 * Runs, by `transact`, a transaction that deletes the last rows naming files, and waits for its turn without holding a connection.
 * The files may be removed at once after the commit: a backup that begins then does not know of them any more. `onWait` is called
 * once when it has to wait. Throws the reason of the signal.
 */
export async function removingFiles<T>(
  transact: <R>(work: (tx: Transaction) => Promise<R>) => Promise<R>,
  work: (tx: Transaction) => Promise<T>,
  options: { signal?: AbortSignal | undefined; onWait?: () => void } = {},
): Promise<T> {
  for (let waited = false; ; waited = true) {
    options.signal?.throwIfAborted();
    const turn = await transact(async (tx) => ((await mayRemoveFiles(tx)) ? { value: await work(tx) } : undefined));
    if (turn) return turn.value;
    if (!waited) options.onWait?.();
    await sleep(ASK_AGAIN, undefined, { signal: options.signal });
  }
}

/** Until the end of the transaction no backup begins that knows of the files; false while one is running or maintenance is on. */
export async function mayRemoveFiles(tx: Transaction): Promise<boolean> {
  const row = await tx.row<{ free: boolean }>(sql`
    select maintenance_since is null and pg_try_advisory_xact_lock_shared(hashtextextended(${fileRemovalLock}, 0)) as free
      from server_state`);
  return row?.free ?? true;
}
