/** After the syncs of a round: which items failed, and which only lost the process that worked on them. */
import type { Database } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { markFailed } from '../../../model/replication/item.ts';
import type { Failure } from '../run/report.ts';

/** Tries of an item whose task was cut off from outside. */
const MOST_ATTEMPTS = 8;

interface Unfinished {
  id: number;
  key: string;
  type: string;
  name: string;
  attempts: number;
  state: string | null;
  error: { description?: string; reason?: string } | null;
  task: string | null;
}

export interface KnownFailure extends Failure {
  readonly key: string;
}

/**
 * Every item that waits for a sync whose task has ended otherwise than well is marked: as failed with the task's error, or
 * to be tried again when the task was ended by no fault of its own.
 */
export async function settleSyncs(db: Database, runId: string): Promise<void> {
  const rows = await db.rows<Unfinished>(sql`
    select i.id, i.key, i.type, i.name, i.attempts, t.state, t.error, i.task_id as task
    from replication_item i left join task t on t.pulp_id = i.task_id
    where i.run_id = ${runId} and i.state = 'staging' and (t.state is null or t.state in ('completed', 'failed', 'canceled'))`);
  const failed = rows.flatMap((row) => {
    const error = failureOf(row);
    return error === undefined ? [] : [{ key: row.key, error }];
  });
  if (failed.length === 0) return;
  await markFailed(db, runId, failed);
}

/** Undefined: try again. */
function failureOf({ state, error, attempts }: Unfinished): string | undefined {
  if (state === 'canceled' && error === null) return 'its sync was canceled';
  if (error?.description !== undefined && error.reason === undefined) return error.description;
  if (attempts < MOST_ATTEMPTS) return undefined;
  return error?.reason ?? 'its sync ended without a result';
}

/** All that have failed so far. */
export async function failuresOf(db: Database, runId: string): Promise<KnownFailure[]> {
  return await db.rows<KnownFailure>(sql`
    select key, type, name, task_id as task, coalesce(error, 'unknown') as error from replication_item
      where run_id = ${runId} and state = 'failed' order by id`);
}
