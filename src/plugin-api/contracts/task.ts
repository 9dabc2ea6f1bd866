/** What a task is to those who write one: a name, a function, and the context it runs in. */
import type { Transaction } from '../../db/database.ts';
import type { DispatchedTask, Domain, OwnTaskRequest, Services, TokenLimit } from './context.ts';

/**
 * What a progress report begins with: a message for people, a code for programs (`sync.downloading.metadata`), and the total where
 * it is known.
 */
export interface ProgressOptions {
  message: string;
  code: string;
  /** Units to do, null while unknown. */
  total?: number | null;
  suffix?: string | null;
}

/** A progress report of the running task; changes are written at most every half second and at the end. */
export interface ProgressReport {
  done: number;
  total: number | null;
  add(units: number): void;
  /** Ends the report; without arguments as completed. */
  finish(state?: 'completed' | 'failed' | 'canceled'): void;
}

/** What a running task is given. */
export interface TaskContext extends Services {
  readonly task: {
    /** Queue position. */
    readonly id: number;
    readonly pulpId: string;
    readonly prn: string;
    readonly name: string;
    readonly taskGroup: string | null;
    readonly userId: number | null;
    /** The limit of the token it was asked for with; null for the whole account. */
    readonly limit: TokenLimit | null;
    readonly immediate: boolean;
    /** Correlation id of the request that led to it. */
    readonly loggingCid: string;
  };
  readonly domain: Domain;
  /** Aborted when the task is canceled or its lease is gone: pass it to everything that waits. */
  readonly signal: AbortSignal;
  /** Opens a progress report shown in the task. */
  progress(options: ProgressOptions): ProgressReport;
  /** Notes a resource made by this task by its PRN, in order. */
  created(prn: string): void;
  /** Starts another task as child of this one. */
  dispatch(request: OwnTaskRequest): Promise<DispatchedTask>;
  /** A transaction that commits only while the task's lease is held; otherwise LeaseLost and nothing is written. */
  write<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** A directory for temporary files, removed when the task has ended. */
  workDirectory(): Promise<string>;
}

/** One kind of task. `name` is Pulp's dotted name: clients filter by it. The result must be JSON or undefined. */
export interface TaskFunction {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: every task has arguments of its own shape, checked where it is dispatched
  run(context: TaskContext, args: any): Promise<unknown>;
  /** Removes what a task that was cut off left behind (its incomplete versions are removed by the core). */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  cleanUp?(services: Services, args: any): Promise<void>;
}
