/** Backups of this server: where its parts are, the database to read, and a throw-away one to verify with. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { LoadedSettings } from '../../config/load-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { startEmbedded } from '../../db/embedded/embedded.ts';
import { copyFilesOf } from '../../engines/backup/copy-data.ts';
import { type MadeBackup, makeBackup } from '../../engines/backup/make-backup.ts';
import { findBackup } from '../../engines/backup/manifest.ts';
import type { Report } from '../../engines/backup/progress.ts';
import { settingsText } from '../../engines/backup/settings-text.ts';
import { verifyBackup } from '../../engines/backup/verify-backup.ts';
import type { AppLogger } from '../processes/logging.ts';
import { acquireProcessLock } from '../processes/process-lock.ts';
import { programVersion } from '../processes/program-version.ts';
import { clusterDirectory, lockFile, restoreMark, StartRefused } from './data-directory.ts';
import { databaseKeys } from './encryption-key.ts';
import { migrationSources } from './migrations.ts';
import { requireMigrated, withDatabase } from './prepare-database.ts';
import { openStorage } from './storage.ts';

interface BackupOptions {
  readonly directory: string;
  readonly secrets: boolean;
  /** False: the backup only lists the stored files. */
  readonly copyFiles: boolean;
}

/** Makes a backup of the server of these settings, whether or not it runs. */
export async function backUp(
  loaded: LoadedSettings,
  options: BackupOptions,
  logger: AppLogger,
  report: Report,
): Promise<MadeBackup> {
  const { settings } = loaded;
  const directory = resolve(options.directory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = await acquireProcessLock(join(directory, 'backup.lock'));
  if (typeof lock === 'string') throw new StartRefused(`Another backup into ${directory} is being made by ${lock}.`);
  try {
    return await withDatabase(settings, logger, async (db, databaseUrl) => {
      await requireMigrated(db, settings);
      const storage = await openStorage(settings, db, await databaseKeys(settings, db));
      return await makeBackup({
        db,
        databaseUrl,
        directory,
        driverOf: storage.driverOf,
        copyFiles: options.copyFiles,
        settings: settingsText(loaded, options.secrets),
        data: options.secrets ? dataOf(settings, directory) : undefined,
        program: programVersion(),
        report,
      });
    });
  } finally {
    lock.release();
  }
}

function dataOf(settings: Settings, backups: string) {
  const { data, mediaRoot, workingDirectory, chunkedUploadDir } = settings;
  const leaveOut = [
    clusterDirectory(settings),
    `${clusterDirectory(settings)}.new`,
    mediaRoot,
    workingDirectory,
    chunkedUploadDir,
    lockFile(settings),
    restoreMark(settings),
    backups,
  ];
  return copyFilesOf(data, leaveOut, {
    db_encryption_key: settings.dbEncryptionKey,
    tls_certificate: settings.tlsCertificate,
    tls_key: settings.tlsKey,
    tls_client_ca: settings.tlsClientCa,
  });
}

/** Checks a backup, or the newest of a directory of backups; answers its directory and what is wrong with it. */
export async function verify(
  settings: Settings,
  from: string,
  report: Report,
): Promise<{ path: string; problems: string[] }> {
  const { path, manifest } = await findBackup(from);
  report.tell(`Verifying ${path}, made ${manifest.started_at} by ${manifest.program}.`);
  const key = manifest.others.find((file) => /^(named\/db_encryption_key|data\/db-encryption-key)$/.test(file.path));
  const sources = await migrationSources(settings);
  const keyFile = key && join(path, key.path);
  return { path, problems: await verifyBackup({ path, manifest, withScratch, sources, keyFile, report }) };
}

/** A database of its own, in a cluster that is made for it and thrown away. */
async function withScratch<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'deckle-verify-'));
  try {
    const postgres = await startEmbedded({ directory: join(directory, 'postgres'), unsafe: true });
    const db = openDatabase({ url: postgres.url, poolSize: 3, applicationName: 'deckle verify' });
    try {
      return await work(db);
    } finally {
      await db.close();
      await postgres.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
