/** The inside of the process that runs tasks: one after the other, as its worker tells it. */
import type { Services } from '../../plugin-api/contracts/context.ts';
import { runTask, type TaskFunctions } from '../context/run-task.ts';
import type { FromChild, ToChild } from './child-messages.ts';
import { ImmediateRunner } from './immediate-runner.ts';

function send(message: FromChild): void {
  // A worker that is gone hears nothing: this process ends by its disconnection.
  process.send?.(message, undefined, undefined, () => {});
}

/** Runs until the worker is gone. Signals meant for the whole group of processes are the worker's to judge. */
export function serveTasks(services: Services, functions: TaskFunctions): void {
  let current: { id: number; stop: AbortController } | undefined;
  process.on('message', (message: ToChild) => {
    if (message.type === 'cancel' && current?.id === message.id) current.stop.abort();
    if (message.type !== 'run') return;
    const stop = new AbortController();
    current = { id: message.task.id, stop };
    void run(services, functions, message, stop.signal);
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('disconnect', () => process.exit(1));
  if (!process.connected) process.exit(1);
  send({ type: 'ready', functions: [...functions.keys()] });
}

async function run(
  services: Services,
  functions: TaskFunctions,
  { task, holder }: ToChild & { type: 'run' },
  signal: AbortSignal,
): Promise<void> {
  const runner = new ImmediateRunner(services, functions, () => holder);
  const outcome = await runTask(services, functions, task, { holder, signal, runner });
  send({ type: 'done', id: task.id, outcome, memory: process.memoryUsage.rss() });
}
