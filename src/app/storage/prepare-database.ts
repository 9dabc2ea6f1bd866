/** Opens the database a command works with: external, embedded and running, or embedded and started for the occasion. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../../config/settings.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { type EmbeddedPostgres, startEmbedded } from '../../db/embedded/embedded.ts';
import type { ServerLog } from '../../db/embedded/postmaster.ts';
import { DatabaseUnavailable } from '../../db/errors.ts';
import { migrate, pendingMigrations } from '../../db/migrate.ts';
import { sql } from '../../db/sql.ts';
import { counted } from '../../lib/text/counted.ts';
import type { AppLogger } from '../processes/logging.ts';
import {
  clusterDirectory,
  lockDataDirectory,
  makeDataDirectory,
  runningDatabase,
  StartRefused,
} from './data-directory.ts';
import { migrationSources } from './migrations.ts';

/** How long an external database may take to appear while everything is starting. */
const patience = 30_000;

/** The embedded PostgreSQL of this data directory; the caller holds its lock. */
export function startOwnPostgres(settings: Settings, logger: AppLogger): Promise<EmbeddedPostgres> {
  return startEmbedded({ directory: clusterDirectory(settings), log: postgresLog(logger.named('postgres')) });
}

function postgresLog(logger: AppLogger): ServerLog {
  return (severity, message) => {
    if (severity === 'FATAL' || severity === 'PANIC') logger.error({}, message);
    else if (severity === 'WARNING') logger.warn({}, message);
    else logger.debug({}, message);
  };
}

/** Waits for the database to answer and brings its schema up to date. */
export async function migrateDatabase(db: Database, settings: Settings, logger: AppLogger): Promise<number> {
  await waitForDatabase(db, logger);
  const applied = await migrate(db, await migrationSources(settings), ({ component, name }) =>
    logger.debug({}, `applied migration ${component}/${name}`),
  );
  if (applied.length > 0) logger.info({}, `applied ${counted(applied.length, 'migration')}`);
  return applied.length;
}

async function waitForDatabase(db: Database, logger: AppLogger): Promise<void> {
  const deadline = Date.now() + patience;
  for (let told = false; ; told = true) {
    try {
      await db.run(sql`select 1`);
      return;
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable) || Date.now() > deadline) {
        throw new StartRefused(`The database cannot be used: ${(error as Error).message}`, error);
      }
      if (!told) logger.warn({}, `${error.message}; waiting for it`);
      await sleep(500);
    }
  }
}

/** Refuses to work on a schema that was not migrated to this version of the program. */
export async function requireMigrated(db: Database, settings: Settings): Promise<void> {
  const pending = await pendingMigrations(db, await migrationSources(settings));
  if (pending.length === 0) return;
  throw new StartRefused(`The database needs ${counted(pending.length, 'migration')} first. Run: deckle migrate`);
}

/** URL for processes that run alone: the setting, or the embedded database of a server running on this directory. */
export async function requireDatabaseUrl(settings: Settings): Promise<string> {
  const url = settings.databaseUrl || (await runningDatabase(settings));
  if (url) return url;
  throw new StartRefused(
    'This process needs a database: set database_url, or run it beside a server that was started with serve on the same data directory.',
  );
}

/**
 * Runs a command's work on the database, whether or not a server is running. Throws StartRefused where there is none, such as for
 * a misspelt data directory, unless the command may make one (`makes`).
 */
export async function withDatabase<T>(
  settings: Settings,
  logger: AppLogger,
  work: (db: Database, url: string) => Promise<T>,
  { makes = false }: { readonly makes?: boolean } = {},
): Promise<T> {
  const url = settings.databaseUrl || (await runningDatabase(settings));
  if (url) return useDatabase(url, settings, work);
  if (!makes && !existsSync(clusterDirectory(settings))) {
    throw new StartRefused(
      `There is no database in ${settings.data}. Name the data directory of the server with --data, or its database with database_url.`,
    );
  }
  makeDataDirectory(settings);
  const lock = await lockDataDirectory(settings);
  try {
    const postgres = await startOwnPostgres(settings, logger);
    try {
      return await useDatabase(postgres.url, settings, work);
    } finally {
      await postgres.stop();
    }
  } finally {
    lock.release();
  }
}

async function useDatabase<T>(
  url: string,
  settings: Settings,
  work: (db: Database, url: string) => Promise<T>,
): Promise<T> {
  const db = openDatabase({ url, poolSize: settings.databasePoolSize, applicationName: 'deckle command' });
  try {
    return await work(db, url);
  } finally {
    await db.close();
  }
}
