/** A worker's handle on the process that runs its tasks: started ahead, used again, killed when it does not stop. */
import { type ChildProcess, fork } from 'node:child_process';
import { constants } from 'node:os';
import type { Holder, Outcome, RunnableTask } from '../queue/task-row.ts';
import type { FromChild, ToChild } from './child-messages.ts';

/** How a task has left the child: with an outcome, or with the death of the child. */
export type ChildEnd = { outcome: Outcome } | { died: string };

/** After so many tasks a child is replaced, so that nothing adds up for ever. */
const maxTasks = 1000;

interface ChildOptions {
  /** Program of the child; it waits for the `start` message. */
  readonly program: string;
  readonly execArgv: readonly string[];
  readonly start: Omit<ToChild & { type: 'start' }, 'type'>;
  /** Resident bytes after a task beyond which the child is replaced. */
  readonly maxMemory: number;
  /** Called when the process is no more. */
  readonly onEnd?: (pid: number) => void;
}

export class TaskChild {
  /** Resolves when the child can run tasks, with their names; rejects when it ends before. */
  readonly ready: Promise<readonly string[]>;
  readonly #process: ChildProcess;
  readonly #options: ChildOptions;
  #current: { id: number; end: (end: ChildEnd) => void } | undefined;
  #tasks = 0;
  #worn = false;
  #died: string | undefined;

  constructor(options: ChildOptions) {
    this.#options = options;
    this.#process = fork(options.program, [], {
      execArgv: [...options.execArgv],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
    this.ready = promise;
    promise.catch(() => {});
    this.#process.on('message', (message: FromChild) => {
      if (message.type === 'ready') resolve(message.functions);
      // node --watch has children report their files over the same channel.
      if (message.type === 'done') this.#done(message);
    });
    this.#process.on('error', (error) => this.#end(error.message, reject));
    this.#process.on('exit', (code, signal) => {
      this.#end(deathOf(code, signal), reject);
      if (this.#process.pid !== undefined) options.onEnd?.(this.#process.pid);
    });
    this.#send({ type: 'start', ...options.start });
  }

  /** False when it must not get another task. */
  get usable(): boolean {
    return !this.#worn && this.#died === undefined;
  }

  run(task: RunnableTask, holder: Holder): Promise<ChildEnd> {
    if (this.#died !== undefined) return Promise.resolve({ died: this.#died });
    this.#tasks++;
    const { promise, resolve } = Promise.withResolvers<ChildEnd>();
    this.#current = { id: task.id, end: resolve };
    this.#send({ type: 'run', task, holder });
    return promise;
  }

  /** Asks the task to stop. The child is not used again: something of the task may still be under way in it. */
  cancel(id: number): void {
    this.#worn = true;
    this.#send({ type: 'cancel', id });
  }

  kill(): void {
    this.#worn = true;
    this.#process.kill('SIGKILL');
  }

  /** Ends a child that runs nothing. */
  retire(): void {
    this.#worn = true;
    if (this.#process.connected) this.#process.disconnect();
  }

  #done({ id, outcome, memory }: FromChild & { type: 'done' }): void {
    if (this.#tasks >= maxTasks || memory > this.#options.maxMemory) this.#worn = true;
    if (this.#current?.id !== id) return;
    this.#current.end({ outcome });
    this.#current = undefined;
  }

  #end(died: string, reject: (error: Error) => void): void {
    this.#died ??= died;
    this.#current?.end({ died: this.#died });
    this.#current = undefined;
    reject(new Error(`The process for tasks has ended before it was ready. ${died}`));
  }

  #send(message: ToChild): void {
    // A child that is gone is noticed by its exit.
    this.#process.send(message, () => {});
  }
}

function deathOf(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal) return `Killed by signal ${constants.signals[signal]}.`;
  return `Task process died unexpectedly with exitcode ${code}.`;
}
