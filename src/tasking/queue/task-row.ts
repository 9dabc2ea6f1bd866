/** A task as its row in the database, and as the process that runs it gets it. */
import type { TokenLimit } from '../../plugin-api/contracts/context.ts';

export type TaskState = 'waiting' | 'running' | 'canceling' | 'skipped' | 'completed' | 'failed' | 'canceled';
type FinalState = 'completed' | 'failed' | 'canceled';

export const finalStates: readonly TaskState[] = ['skipped', 'completed', 'failed', 'canceled'];

/** Columns of `task`; the migration says what they mean. */
export interface TaskRow {
  id: number;
  pulp_id: string;
  domain_id: number;
  name: string;
  state: TaskState;
  logging_cid: string;
  pulp_created: string;
  pulp_last_updated: string;
  unblocked_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  arguments: string | null;
  error: unknown;
  result: unknown;
  created_by: number | null;
  caller_limit: TokenLimit | null;
  parent_task_id: string | null;
  task_group_id: string | null;
  immediate: boolean;
  can_defer: boolean;
  versions: Record<string, string>;
  reserved_resources_record: string[];
  created_resources: string[];
  profile_options: string[] | null;
  lease: number | null;
  worker: string | null;
}

/** A task to be run, with its domain so that the one who runs it need not ask. */
export interface RunnableTask extends TaskRow {
  domain_pulp_id: string;
  domain_name: string;
  /** As Domain has it. */
  domain_storage_stamp?: string | undefined;
}

/** Who runs a task: the number of its registration and its name. */
export interface Holder {
  readonly lease: number;
  readonly worker: string;
}

/** How a run has ended, before it is written. `result` is JSON text. */
export interface Outcome {
  state: FinalState;
  result: string | null;
  error: TaskError | null;
  /** PRNs of resources made and not yet recorded. */
  created: string[];
}

/** `reason` for endings that are not the doing of the task itself. */
export type TaskError =
  | { description: string; traceback: string; error_code?: string; details?: unknown }
  | { reason: string; description?: string };

export function failedFor(reason: string): Outcome {
  return { state: 'failed', result: null, error: { reason }, created: [] };
}

export const canceledOutcome: Outcome = { state: 'canceled', result: null, error: null, created: [] };
