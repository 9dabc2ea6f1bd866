/** A process that works on tasks: registers, takes them, and has each run by a child of its own until asked to stop. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { NameTaken } from '../tasking/app-status.ts';
import { processName } from '../tasking/process-name.ts';
import { Registration } from '../tasking/register-process.ts';
import { TaskChild } from '../tasking/task-child.ts';
import { Worker } from '../tasking/worker.ts';
import { type BaseServices, openBase } from './base-services.ts';
import { dieWithParent, onStopSignal, reportReady } from './child-process.ts';
import { componentVersions } from './component-versions.ts';
import { StartRefused } from './data-directory.ts';
import type { AppLogger } from './logging.ts';
import { type TaskUndoer, taskUndoer } from './undo-tasks.ts';

/** Beyond this many resident bytes after a task the child is replaced. */
const childMemory = 400 * 1024 * 1024;
/** Two are busy at most: one with the queue, one with signs of life and maintenance. */
const connections = 2;

export interface WorkerFlags {
  /** End when there is nothing to do. */
  burst?: boolean;
  /** Only run tasks, leave looking after the queue to others. */
  auxiliary?: boolean;
}

export async function runWorker(settings: Settings, logger: AppLogger, flags: WorkerFlags = {}): Promise<void> {
  const services = await openBase(settings, { logger, role: 'worker', poolSize: connections });
  const undoer = taskUndoer(services);
  try {
    await work(services, undoer, flags);
  } catch (error) {
    throw error instanceof NameTaken ? new StartRefused(error.message, error) : error;
  } finally {
    await undoer.close();
    await services.close();
  }
}

async function work(services: BaseServices, { undo }: TaskUndoer, flags: WorkerFlags): Promise<void> {
  const { settings, logger } = services;
  const host = settings.hostname ?? hostname();
  const registration = await Registration.enter(services, {
    type: 'worker',
    name: processName(settings.workerNameTemplate, settings.hostname),
    host,
    ttl: settings.workerTtl,
    versions: componentVersions,
  });
  const worker = new Worker({
    services,
    undo,
    registration,
    versions: componentVersions,
    host,
    startChild: () => startChild(services, flags),
    ...flags,
  });
  dieWithParent(() => worker.killChild());
  onStopSignal((signal, count) => {
    logger.info({}, `Worker ${registration.name} stops on ${signal}.`);
    worker.stop(count > 1 ? 'now' : signal === 'SIGINT' ? 'grace' : 'finish');
  });
  logger.info({}, `Worker ${registration.name} works on tasks.`);
  await worker.run(reportReady);
}

function startChild({ settings, applicationName }: BaseServices, { auxiliary = false }: WorkerFlags): TaskChild {
  const limit = settings.workerMemoryLimitMb;
  return new TaskChild({
    program: join(import.meta.dirname, 'task-child.ts'),
    execArgv: [...process.execArgv, ...(limit > 0 ? [`--max-old-space-size=${limit}`] : [])],
    start: { settings, applicationName: `${applicationName} task`, keepSchedules: !auxiliary },
    maxMemory: Math.max(childMemory, limit * 1024 * 1024),
  });
}
