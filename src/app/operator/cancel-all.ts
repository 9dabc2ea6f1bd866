/** Cancels all tasks of a server that does not run. */

import type { Database } from '../../db/database.ts';
import { tidyUp } from '../../engines/backup/after-restore.ts';
import { liveProcesses } from '../../engines/backup/clear-database.ts';
import { OperatorError } from './operator-error.ts';

/** Answers how many there were; throws OperatorError while a process is alive. */
export async function cancelAll(db: Database): Promise<number> {
  const live = await liveProcesses(db);
  if (live.length > 0) throw new OperatorError(`Stop the processes of the server first: ${live.join(', ')}.`);
  return (await tidyUp(db, [])).tasks;
}
