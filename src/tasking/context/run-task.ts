/** Runs the function of a task in this process and says how it has ended; nothing is written here but its logs. */

import { PulpError } from '../../lib/errors.ts';
import { withCorrelationId } from '../../lib/process/correlation.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import type { TaskRunner } from '../queue/dispatch.ts';
import type { Holder, Outcome, RunnableTask } from '../queue/task-row.ts';
import { describeError, summaryOf } from './describe-error.ts';
import { Diagnostics, wantedDiagnostics } from './diagnostics.ts';
import { saveDiagnostics } from './save-diagnostics.ts';
import { domainOf, openContext } from './task-context.ts';

/** Seconds an immediate task may take. */
const immediateTimeout = 5;

export type TaskFunctions = ReadonlyMap<string, TaskFunction>;

export function byName(functions: readonly TaskFunction[]): TaskFunctions {
  const map = new Map<string, TaskFunction>();
  for (const one of functions) {
    if (map.has(one.name)) throw new Error(`Two task functions are named ${one.name}`);
    map.set(one.name, one);
  }
  return map;
}

interface RunOptions {
  readonly holder: Holder;
  /** Aborted when the task shall stop. */
  readonly signal: AbortSignal;
  readonly runner?: TaskRunner | undefined;
}

/** Everything logged on the way carries the correlation id of the request that led to the task. */
export function runTask(
  services: Services,
  functions: TaskFunctions,
  task: RunnableTask,
  options: RunOptions,
): Promise<Outcome> {
  const run = () => runRecorded(services, functions, task, options);
  return task.logging_cid === '' ? run() : withCorrelationId(task.logging_cid, run);
}

/** Short tasks share their process with others, whose doings would be recorded too. */
async function runRecorded(
  services: Services,
  functions: TaskFunctions,
  task: RunnableTask,
  options: RunOptions,
): Promise<Outcome> {
  const names = task.immediate ? [] : wantedDiagnostics(task.profile_options, services.settings.taskDiagnostics);
  if (names.length === 0) return runInContext(services, functions, task, options);
  const diagnostics = await Diagnostics.start(services, names);
  const outcome = await runInContext(diagnostics.services, functions, task, options);
  await saveDiagnostics(services, domainOf(task), task.id, await diagnostics.stop());
  return outcome;
}

async function runInContext(
  services: Services,
  functions: TaskFunctions,
  task: RunnableTask,
  options: RunOptions,
): Promise<Outcome> {
  const started = performance.now();
  logStart(services, task, options.holder);
  const controller = new AbortController();
  const signal = AbortSignal.any([options.signal, controller.signal]);
  const { holder, signal: stop, runner } = options;
  const open = openContext(services, task, { holder, stop, signal, runner });
  try {
    const run = call(services, functions, task, open.context);
    const value = await (task.immediate ? withinTimeout(run, task, controller) : run);
    await open.close();
    logEnd(services, task, started);
    return { state: 'completed', result: JSON.stringify(value) ?? null, error: null, created: open.unrecorded };
  } catch (error) {
    await open.close();
    return failure(services, task, options.signal, error, open.unrecorded);
  }
}

async function call(services: Services, functions: TaskFunctions, task: RunnableTask, context: TaskContext) {
  const found = functions.get(task.name);
  if (!found) throw new PulpError('PLP0028', `This program has no task function named ${task.name}.`);
  return found.run(context, argumentsOf(services, task));
}

/** The arguments as they were given to `dispatch`. */
export function argumentsOf(services: Pick<Services, 'secrets'>, task: Pick<RunnableTask, 'arguments'>): unknown {
  return task.arguments === null ? null : JSON.parse(services.secrets.decrypt(task.arguments));
}

/** A function cannot be stopped from outside: it is told, and from here on nothing it writes will count. */
async function withinTimeout<T>(run: Promise<T>, task: RunnableTask, controller: AbortController): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new PulpError(
        'PLP0024',
        `Immediate task ${task.pulp_id} (type: ${task.name}) timed out after ${immediateTimeout} seconds.`,
      );
      reject(error);
      controller.abort(error);
    }, immediateTimeout * 1000);
  });
  try {
    return await Promise.race([run, late]);
  } finally {
    clearTimeout(timer);
    run.catch(() => {});
  }
}

function failure(
  services: Services,
  task: RunnableTask,
  stop: AbortSignal,
  error: unknown,
  created: string[],
): Outcome {
  if (stop.aborted) return { state: 'canceled', result: null, error: null, created };
  services.logger.info(
    { err: error },
    `Task[${task.name}] ${task.pulp_id} failed (${summaryOf(error)}) in domain: ${task.domain_name}`,
  );
  const told = describeError(error, services.settings.redactUnsafeExceptions);
  return { state: 'failed', result: null, error: told, created };
}

function logStart(services: Services, task: RunnableTask, holder: Holder): void {
  services.logger.info(
    {},
    `Starting task id: ${task.pulp_id} in domain: ${task.domain_name}, task_type: ${task.name}, ` +
      `immediate: ${task.immediate}, deferred: ${task.can_defer}, worker: ${holder.worker}`,
  );
}

function logEnd(services: Services, task: RunnableTask, started: number): void {
  const micros = Math.round((performance.now() - started) * 1000);
  services.logger.info(
    {},
    `Task completed ${task.pulp_id} in domain: ${task.domain_name}, task_type: ${task.name}, ` +
      `immediate: ${task.immediate}, deferred: ${task.can_defer}, execution_time: ${micros} μs`,
  );
}
