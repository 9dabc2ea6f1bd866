/** Restores a backup into this server's data directory and database, which must be empty unless they may be replaced. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { restoreReason, tidyUp } from '../../engines/backup/after-restore.ts';
import { BackupRefused } from '../../engines/backup/backup-refused.ts';
import { clearDatabase, liveProcesses, tableCount } from '../../engines/backup/clear-database.ts';
import { loadDatabase, refuseForeign } from '../../engines/backup/load-database.ts';
import { DATA_DIRECTORY, findBackup, type Manifest } from '../../engines/backup/manifest.ts';
import type { Report } from '../../engines/backup/progress.ts';
import { type RestoredFiles, restoreFiles } from '../../engines/backup/restore-files.ts';
import { rotateKeys } from '../../engines/backup/rotate-keys.ts';
import { verifySealed } from '../../engines/backup/verify-backup.ts';
import type { AppLogger } from '../processes/logging.ts';
import { lockDataDirectory, lockFile, restoreMark } from './data-directory.ts';
import { acceptKeys, databaseKeys, encryptionKeyFile } from './encryption-key.ts';
import { migrationSources } from './migrations.ts';
import { startOwnPostgres } from './prepare-database.ts';
import { openStorage } from './storage.ts';

interface RestoreOptions {
  readonly from: string;
  /** Replace what is there. */
  readonly force: boolean;
}

interface Source {
  readonly path: string;
  readonly manifest: Manifest;
}

/** Answers how many files could not be brought back. Throws BackupRefused before anything was changed. */
export async function restore(
  settings: Settings,
  options: RestoreOptions,
  logger: AppLogger,
  report: Report,
): Promise<number> {
  const source = await findBackup(options.from);
  const { path, manifest } = source;
  report.tell(`Restoring ${path}, made ${manifest.started_at} by ${manifest.program}, into ${settings.data}.`);
  refuseForeign(manifest.database.migrations, await migrationSources(settings));
  const problems = await verifySealed(path, [manifest.database, manifest.files, ...manifest.others]);
  if (problems.length > 0) throw new BackupRefused(`The backup is damaged: ${problems.join('; ')}.`);
  const lock = await lockDataDirectory(settings, 'restore');
  try {
    const again = existsSync(restoreMark(settings));
    if (!options.force && !again) refuseUsed(settings);
    if (!options.force) refuseWithoutKey(settings, manifest);
    return await withTarget(settings, logger, async (db) => {
      await refuseBusy(db, options.force || again);
      writeFileSync(restoreMark(settings), `${path}\n`, { mode: 0o600 });
      const lost = await bringBack(settings, source, db, report);
      rmSync(restoreMark(settings));
      return lost;
    });
  } finally {
    lock.release();
  }
}

/** Keys may be put in place beforehand. */
function refuseUsed(settings: Settings): void {
  const harmless = [lockFile(settings), encryptionKeyFile(settings)];
  const used = readdirSync(settings.data)
    .map((name) => join(settings.data, name))
    .filter((file) => !harmless.includes(file) && file !== settings.mediaRoot);
  const media = existsSync(settings.mediaRoot) ? readdirSync(settings.mediaRoot) : [];
  if (used.length + media.length === 0) return;
  throw new BackupRefused(
    `${settings.data} is not empty. Restore into another directory (--data), or replace what is there with --force.`,
  );
}

function refuseWithoutKey(settings: Settings, manifest: Manifest): void {
  if (manifest.secrets || existsSync(encryptionKeyFile(settings))) return;
  throw new BackupRefused(
    `The backup was made without secrets. Put the encryption key into ${encryptionKeyFile(settings)} first, ` +
      'or go on with --force and give all remotes their passwords anew.',
  );
}

async function withTarget<T>(settings: Settings, logger: AppLogger, work: (db: Database) => Promise<T>): Promise<T> {
  const postgres = settings.databaseUrl === '' ? await startOwnPostgres(settings, logger) : undefined;
  const url = postgres?.url ?? settings.databaseUrl;
  const db = openDatabase({ url, poolSize: 4, applicationName: 'deckle restore' });
  try {
    return await work(db);
  } finally {
    await db.close();
    await postgres?.stop();
  }
}

/** A database somebody works with is never replaced. */
async function refuseBusy(db: Database, replace: boolean): Promise<void> {
  if ((await tableCount(db)) === 0) return;
  if (!replace) {
    throw new BackupRefused('The database is not empty. Restore into another one, or replace it with --force.');
  }
  const live = await liveProcesses(db);
  if (live.length > 0) throw new BackupRefused(`Stop the processes that use the database first: ${live.join(', ')}.`);
  await clearDatabase(db);
}

async function bringBack(settings: Settings, source: Source, db: Database, report: Report): Promise<number> {
  const { path, manifest } = source;
  for (const { path: file } of manifest.others) {
    if (!file.startsWith(`${DATA_DIRECTORY}/`)) continue;
    const target = join(settings.data, file.slice(DATA_DIRECTORY.length + 1));
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await copyFile(join(path, file), target);
  }
  const loaded = await loadDatabase(db, join(path, manifest.database.path), await migrationSources(settings), report);
  const rows = Object.values(loaded.rows).reduce((sum, count) => sum + count, 0);
  report.tell(`Database: ${rows} rows loaded, ${loaded.upgraded} newer migrations applied.`);
  // Somebody has forced a restore without them.
  if (!existsSync(encryptionKeyFile(settings))) await acceptKeys(settings, db);
  const storage = await openStorage(settings, db, await databaseKeys(settings, db, true));
  const files = await restoreFiles(path, manifest, storage.driverOf, report);
  report.tell(`Files: ${files.brought} brought back, ${files.present} were there.`);
  await tellTidied(db, files, report);
  await checkSecrets(settings, db, report);
  return tellLost(manifest, files, report);
}

async function tellTidied(db: Database, files: RestoredFiles, report: Report): Promise<void> {
  const { tasks, processes, versions, publications, uploads } = await tidyUp(db, [...files.missing, ...files.damaged]);
  report.tell(`Tasks: ${tasks} were not finished; ${restoreReason}`);
  report.tell(
    `Removed: ${processes} processes, ${versions} incomplete versions, ${publications} incomplete publications, ${uploads} broken uploads.`,
  );
}

async function checkSecrets(settings: Settings, db: Database, report: Report): Promise<void> {
  const { unreadable } = await rotateKeys(db, await databaseKeys(settings, db, true), true);
  if (unreadable.length === 0) return;
  report.tell(
    `WARNING: ${unreadable.length} secrets (${[...new Set(unreadable)].join(', ')}) cannot be read with ${encryptionKeyFile(settings)}. ` +
      'Put the key they were encrypted with into that file, or run deckle rotate-db-key --accept-loss and set them anew: the server ' +
      'does not start before.',
  );
}

function tellLost(manifest: Manifest, files: RestoredFiles, report: Report): number {
  const known = new Set(manifest.files.missing);
  const artifacts = [...files.missing, ...files.damaged].filter((key) => !key.startsWith('upload/'));
  if (artifacts.length === 0) {
    report.tell('Database and files match.');
    return 0;
  }
  const before = artifacts.filter((key) => known.has(key)).length;
  report.tell(
    `WARNING: ${artifacts.length} files are missing, ${before} of them since before the backup, such as ${artifacts[0]}. ` +
      'repair/ of the API fetches those that upstream still has.',
  );
  return artifacts.length - before;
}
