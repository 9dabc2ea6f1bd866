/** Runs the whole server on one machine: PostgreSQL, web processes and workers, from start to an orderly stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BindAddress, parseBind } from '../../config/check-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { openDatabase } from '../../db/database.ts';
import type { EmbeddedPostgres } from '../../db/embedded/embedded.ts';
import { lockDataDirectory } from '../storage/data-directory.ts';
import { databaseKeys } from '../storage/encryption-key.ts';
import { migrateDatabase, startOwnPostgres } from '../storage/prepare-database.ts';
import { onStopSignal } from './child-process.ts';
import { createFirstObjects, type FirstStart } from './first-start.ts';
import type { AppLogger } from './logging.ts';
import { ManagedChild } from './managed-child.ts';
import { formatAddress, probePort } from './probe-port.ts';
import type { ProcessLock } from './process-lock.ts';

export interface ServerStarted extends FirstStart {
  /** The settings the processes run with: database and port are filled in. */
  settings: Settings;
  address: BindAddress;
}

/** Signals that npm and a terminal both deliver arrive twice within moments and count once. */
const sameSignal = 1_000;
/** After the second request to stop, whatever still runs is killed. */
const lastWords = 5_000;

/** Starts everything, calls back when requests are answered, and returns when everything has stopped. */
export async function serve(
  given: Settings,
  logger: AppLogger,
  onStarted: (started: ServerStarted) => void,
): Promise<void> {
  const stop = new StopRequests();
  const address = await probePort(parseBind(given.bind) as BindAddress);
  const lock = await lockDataDirectory(given);
  let postgres: EmbeddedPostgres | undefined;
  const children: ManagedChild[] = [];
  const prepared = Promise.withResolvers<Settings>();
  try {
    // They load the program while the database starts, and begin when they get their settings.
    children.push(...startChildren(given, prepared.promise, logger));
    if (given.databaseUrl === '') postgres = await startOwnPostgres(given, logger);
    const databaseUrl = postgres?.url ?? given.databaseUrl;
    const settings = Object.freeze({ ...given, databaseUrl, bind: formatAddress(address) });
    const first = await stop.unless(prepare(settings, logger));
    if (first) {
      prepared.resolve(settings);
      const ready = await stop.unless(Promise.all(children.map((child) => child.ready)));
      if (ready) onStarted({ ...first, settings, address });
    }
    await stop.first;
    logger.info({}, 'stopping: running requests and tasks are finished first; a second Ctrl-C ends them');
  } finally {
    await stopChildren(children, stop, given, logger);
    await stopLast(postgres, lock);
  }
  logger.info({}, 'stopped');
}

async function prepare(settings: Settings, logger: AppLogger): Promise<FirstStart> {
  const db = openDatabase({ url: settings.databaseUrl, poolSize: 2, applicationName: 'deckle start' });
  try {
    await migrateDatabase(db, settings, logger);
    await databaseKeys(settings, db);
    return await createFirstObjects(db, settings);
  } finally {
    await db.close();
  }
}

function startChildren(given: Settings, settings: Promise<Settings>, logger: AppLogger): ManagedChild[] {
  const start = (role: string, count: number) =>
    Array.from({ length: count }, (_, i) => {
      const name = count > 1 ? `${role} process ${i + 1}` : `${role} process`;
      return new ManagedChild(name, [role, '--child'], given.data, settings, logger);
    });
  return [...start('web', given.web), ...start('worker', given.workers)];
}

/** Polite first; after the limits, or at once on a second request, with force. */
async function stopChildren(
  children: readonly ManagedChild[],
  stop: StopRequests,
  settings: Settings,
  logger: AppLogger,
): Promise<void> {
  const limit = (child: ManagedChild) =>
    1000 * (child.name.startsWith('worker') ? settings.taskGraceInterval : settings.shutdownTimeout);
  await Promise.all(
    children.map(async (child) => {
      child.stop('SIGTERM');
      const ended = child.ended().then(() => true);
      if (await Promise.race([ended, timeout(limit(child)), stop.second.then(() => false)])) return;
      logger.warn({}, `${child.name} is made to end`);
      child.stop('SIGINT');
      if (await Promise.race([ended, timeout(lastWords)])) return;
      child.stop('SIGKILL');
      await ended;
    }),
  );
}

async function timeout(milliseconds: number): Promise<false> {
  await sleep(milliseconds, undefined, { ref: false });
  return false;
}

async function stopLast(postgres: EmbeddedPostgres | undefined, lock: ProcessLock): Promise<void> {
  try {
    await postgres?.stop();
  } finally {
    lock.release();
  }
}

/** The requests to stop: signals, or the end of the process that started us. */
class StopRequests {
  readonly first: Promise<void>;
  readonly second: Promise<void>;
  #requested = false;

  constructor() {
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    this.first = first.promise;
    this.second = second.promise;
    let last = 0;
    const request = () => {
      const now = Date.now();
      if (now - last < sameSignal) return;
      last = now;
      if (this.#requested) second.resolve();
      this.#requested = true;
      first.resolve();
    };
    onStopSignal(request);
    process.once('disconnect', request);
    process.channel?.unref();
  }

  /** The outcome of the work, or undefined when a stop is requested before it is done. */
  unless<T>(work: Promise<T>): Promise<T | undefined> {
    return Promise.race([work, this.first.then(() => undefined)]);
  }
}
