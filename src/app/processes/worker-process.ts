/** A process that works on tasks: registers, takes them, and has each run by a child of its own until asked to stop. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { temporaryDirectory } from '../../config/chosen-storage.ts';
import type { Settings } from '../../config/settings.ts';
import { processTag } from '../../lib/process/process-identity.ts';
import { TempFiles } from '../../storage/temp-files.ts';
import { NameTaken } from '../../tasking/worker/app-status.ts';
import { processName } from '../../tasking/worker/process-name.ts';
import { Registration } from '../../tasking/worker/register-process.ts';
import { TaskChild } from '../../tasking/worker/task-child.ts';
import { Worker } from '../../tasking/worker/worker.ts';
import { type BaseServices, openBase } from '../program/base-services.ts';
import { componentVersions } from '../program/component-versions.ts';
import { type TaskUndoer, taskUndoer } from '../program/undo-tasks.ts';
import { StartRefused } from '../storage/data-directory.ts';
import { dieWithParent, onStopSignal, reportReady } from './child-process.ts';
import type { AppLogger } from './logging.ts';

/** Beyond this many resident bytes after a task the child is replaced. */
const childMemory = 400 * 1024 * 1024;
/** Two are busy at most: one with the queue, one with signs of life and maintenance. */
const connections = 2;

interface WorkerFlags {
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
  const watched = await openHealth(services, registration);
  logger.info({}, `Worker ${registration.name} works on tasks.`);
  try {
    await worker.run(reportReady);
  } finally {
    await watched?.close();
  }
}

/** What can be asked of a worker that runs alone; under `serve` the web processes answer. Loaded only when it is wanted. */
async function openHealth(services: BaseServices, registration: Registration) {
  const { settings, db, secrets } = services;
  const asked = settings.metrics && settings.metricsBind !== '' && !process.channel;
  if (!asked && !settings.otelEnabled) return undefined;
  const { openStorage } = await import('../storage/storage.ts');
  const { driver } = await openStorage(settings, db, secrets);
  const source = { db, storage: driver, hasLease: () => registration.holder !== undefined };
  const server = asked
    ? await (await import('../health/health-face.ts')).serveHealth(settings.metricsBind, source)
    : undefined;
  const exporter = settings.otelEnabled
    ? (await import('../health/otlp-exporter.ts')).startOtlp(services, { worker: registration.name, queue: true })
    : undefined;
  return {
    async close() {
      server?.close();
      await exporter?.stop();
    },
  };
}

function startChild(services: BaseServices, { auxiliary = false }: WorkerFlags): TaskChild {
  const { settings, applicationName } = services;
  const limit = settings.workerMemoryLimitMb;
  return new TaskChild({
    program: join(import.meta.dirname, 'task-child.ts'),
    execArgv: [...process.execArgv, ...(limit > 0 ? [`--max-old-space-size=${limit}`] : [])],
    start: { settings, applicationName: `${applicationName} task`, keepSchedules: !auxiliary },
    maxMemory: Math.max(childMemory, limit * 1024 * 1024),
    onEnd: (pid) => void removeFilesOf(services, pid),
  });
}

/** A child that was killed could not remove its temporary files, and bears the tag of its worker, which lives on. */
async function removeFilesOf({ settings, applicationName, logger }: BaseServices, pid: number): Promise<void> {
  const files = new TempFiles(temporaryDirectory(settings));
  await files.sweepProcess(processTag(applicationName)!, pid).catch((error: unknown) => {
    logger.warn({ err: error }, `Temporary files of process ${pid}, which has ended, could not be removed.`);
  });
}
