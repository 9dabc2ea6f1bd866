/** Tasks for tests of the queue, with the names and arguments that they have in Pulp; only with the setting `test_tasks`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../db/sql.ts';
import { PulpError } from '../../lib/errors.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';

const prefix = 'pulpcore.app.tasks.test.';

interface Arguments {
  interval?: number;
  error_message?: string;
  inbetween?: number;
  intervals?: number[];
  resource?: string;
}

type Run = (context: TaskContext, args: Arguments) => Promise<unknown>;

/** Names of positional arguments. */
const parameters: Record<string, readonly (keyof Arguments)[]> = {
  sleep: ['interval'],
  asleep: ['interval'],
  gooey_task: ['interval'],
  failing_task: ['error_message'],
  afailing_task: ['error_message'],
  dummy_group_task: ['inbetween', 'intervals'],
  group_task_with_finalizer: ['resource'],
};

/** What Pulp's callers give as positional and keyword arguments, as our tasks take it. */
export function testTaskArguments(name: string, args: readonly unknown[], kwargs: object): object {
  const names = parameters[name.replace(prefix, '')] ?? [];
  return { ...Object.fromEntries(args.map((value, index) => [names[index] ?? `argument${index}`, value])), ...kwargs };
}

/** Pulp refuses to run blocking functions in its API process. */
function refuseImmediate(context: TaskContext): void {
  if (context.task.immediate) throw new Error('Immediate tasks must be async functions.');
}

const wait: Run = async ({ signal }, { interval = 0 }) => {
  await sleep(interval * 1000, undefined, { signal });
};

const fail: Run = async (_, { error_message = 'Task intentionally failed' }) => {
  throw new PulpError('PLP0000', error_message);
};

/** Takes no notice of being told to stop. */
const gooey: Run = async (context, { interval = 0 }) => {
  const report = context.progress({ message: 'Sticking around', code: 'test.gooey' });
  for (const end = performance.now() + interval * 1000; performance.now() < end; report.add(1)) await sleep(100);
  report.finish();
};

const group: Run = async (context, { inbetween = 3, intervals = [0, 1, 2, 3, 4] }) => {
  for (const interval of intervals) {
    await context.dispatch({ name: `${prefix}sleep`, args: { interval }, taskGroup: context.task.taskGroup });
    await sleep(inbetween * 1000, undefined, { signal: context.signal });
  }
};

/** The finalizer is dispatched right behind a member that has to wait, and must run after it. */
const groupWithFinalizer: Run = async (context, { resource = '' }) => {
  const { taskGroup } = context.task;
  const busy = `${resource}:0`;
  const name = `${prefix}sleep`;
  await context.dispatch({ name, args: { interval: 0.5 }, exclusive: [busy] });
  await context.dispatch({ name, args: { interval: 0 }, taskGroup, shared: [resource], exclusive: [busy] });
  await context.dispatch({ name: `${prefix}group_finalizer_task`, args: {}, taskGroup, exclusive: [resource] });
};

const finalizer: Run = async ({ db, task }) => {
  const unfinished = await db.row(sql`
    select from task where task_group_id = ${task.taskGroup}::uuid and pulp_id <> ${task.pulpId}::uuid
      and state <> 'completed' limit 1`);
  if (unfinished) throw new Error('Not all sibling tasks have completed.');
};

/** Ends the worker and itself as a crash of the machine would. */
const missingWorker: Run = async () => {
  process.kill(process.ppid, 'SIGKILL');
  process.kill(process.pid, 'SIGKILL');
};

const blocking =
  (run: Run): Run =>
  async (context, args) => {
    refuseImmediate(context);
    return run(context, args);
  };

const runs: Record<string, Run> = {
  dummy_task: async () => undefined,
  sleep: blocking(wait),
  asleep: wait,
  gooey_task: blocking(gooey),
  failing_task: blocking(fail),
  afailing_task: fail,
  dummy_group_task: group,
  group_finalizer_task: finalizer,
  group_task_with_finalizer: groupWithFinalizer,
  missing_worker: missingWorker,
};

export const testTasks: readonly TaskFunction[] = Object.entries(runs).map(([name, run]) => ({
  name: `${prefix}${name}`,
  run: (context, args: Arguments | null) => run(context, args ?? {}),
}));
