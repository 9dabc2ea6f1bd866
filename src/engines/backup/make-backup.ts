/** Makes a backup while the server runs: one snapshot of the database, then the files it names, last the manifest. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tryAdvisoryLock, waitForAdvisoryLock } from '../../db/advisory-lock.ts';
import type { Database } from '../../db/database.ts';
import { fileRemovalLock } from '../../model/content/file-removal.ts';
import { noteBackup } from '../../model/server-state.ts';
import { BackupRefused } from './backup-refused.ts';
import { copyData, type DataRequest } from './copy-data.ts';
import { type CopiedFiles, copyFiles, type DriverOf } from './copy-files.ts';
import { dumpDatabase } from './dump-database.ts';
import { writeFileList } from './file-list.ts';
import {
  DATABASE_FILE,
  FILES_DIRECTORY,
  findSnapshots,
  finishSnapshot,
  LIST_FILE,
  type Manifest,
  SETTINGS_FILE,
  type SealedFile,
  snapshotName,
  unfinishedName,
} from './manifest.ts';
import { type Report, sizeText } from './progress.ts';
import { sealOf } from './sealed-file.ts';

interface BackupRequest {
  readonly db: Database;
  readonly databaseUrl: string;
  /** Holds one directory for each backup; nobody else makes one in it meanwhile. */
  readonly directory: string;
  readonly driverOf: DriverOf;
  /** False: files stay in the storage, and the backup only lists them. */
  readonly copyFiles: boolean;
  readonly settings: string;
  /** Undefined: keys are left out. */
  readonly data: DataRequest | undefined;
  /** Name and version of this program. */
  readonly program: string;
  readonly report: Report;
}

export interface MadeBackup {
  readonly path: string;
  readonly manifest: Manifest;
}

/** Throws BackupRefused when another backup of this database is being made. */
export async function makeBackup(request: BackupRequest): Promise<MadeBackup> {
  const options = { url: request.databaseUrl, applicationName: 'deckle backup' };
  const own = await tryAdvisoryLock({ ...options, name: 'deckle backup' });
  if (!own) throw new BackupRefused('Another backup of this database is being made. Wait for its end.');
  try {
    return await withoutRemovals(request, options);
  } finally {
    await own.release();
  }
}

/** Removals of files wait from before the snapshot until the last file is copied. */
async function withoutRemovals(
  request: BackupRequest,
  options: { url: string; applicationName: string },
): Promise<MadeBackup> {
  let lost = false;
  const lock = await waitForAdvisoryLock({
    ...options,
    name: fileRemovalLock,
    onLost: () => {
      lost = true;
    },
  });
  try {
    const made = await takeSnapshot(request, () => {
      if (lost) throw new BackupRefused('The connection to the database was lost, files may be missing. Try again.');
    });
    await remember(request.db, made);
    return made;
  } finally {
    await lock.release();
  }
}

async function takeSnapshot(request: BackupRequest, check: () => void): Promise<MadeBackup> {
  const { directory, report } = request;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const before = await findSnapshots(directory);
  const started = new Date();
  const name = snapshotName(started);
  const work = join(directory, unfinishedName(name));
  await mkdir(work, { mode: 0o700 });
  report.tell(`Backing up to ${join(directory, name)}.`);
  const { database, list } = await request.db.transaction(
    async (tx) => ({
      database: await dumpDatabase(tx, join(work, DATABASE_FILE), report),
      list: await writeFileList(tx, join(work, LIST_FILE)),
    }),
    { isolation: 'repeatable read', readOnly: true },
  );
  report.tell(`Database: ${sum(Object.values(database.rows))} rows, ${sizeText(database.size)} compressed.`);
  const earlier = [...before.unfinished, ...before.finished.slice(0, 1)].map((one) =>
    join(directory, one, FILES_DIRECTORY),
  );
  const copied = await bringFiles(request, work, list, earlier);
  const others = await writeOthers(request, work);
  check();
  const manifest: Manifest = {
    format: 1,
    program: request.program,
    started_at: started.toISOString(),
    finished_at: new Date().toISOString(),
    database: { path: DATABASE_FILE, ...database },
    files: {
      path: LIST_FILE,
      ...list,
      kept: request.copyFiles ? 'here' : 'in the storage',
      missing: copied?.missing ?? [],
    },
    others,
    secrets: request.data !== undefined,
  };
  const path = await finishSnapshot(directory, name, manifest);
  await removeLeftovers(directory, before.unfinished);
  return { path, manifest };
}

async function bringFiles(
  request: BackupRequest,
  work: string,
  total: { count: number; bytes: number },
  earlier: readonly string[],
): Promise<CopiedFiles | undefined> {
  const { report, driverOf } = request;
  if (!request.copyFiles) {
    report.tell(`Files: ${total.count} (${sizeText(total.bytes)}) stay in the storage, the backup lists them.`);
    return undefined;
  }
  const target = join(work, FILES_DIRECTORY);
  await mkdir(target, { mode: 0o700 });
  const copied = await copyFiles({ list: join(work, LIST_FILE), total, target, earlier, driverOf, report });
  report.tell(
    `Files: ${total.count} (${sizeText(total.bytes)}), ${copied.linked} linked, ${copied.copied} copied (${sizeText(copied.copiedBytes)}).`,
  );
  // Chunks of uploads that were finished meanwhile have gone as they should.
  const missing = copied.missing.filter((key) => !key.startsWith('upload/'));
  if (missing.length > 0) {
    report.tell(
      `WARNING: ${missing.length} files are missing in the storage or damaged, such as ${missing[0]}. See repair/ of the API.`,
    );
  }
  return copied;
}

async function writeOthers(request: BackupRequest, work: string): Promise<SealedFile[]> {
  const file = join(work, SETTINGS_FILE);
  await writeFile(file, request.settings, { flag: 'wx', mode: 0o600, flush: true });
  const data = request.data ? await copyData(request.data, work) : [];
  return [{ path: SETTINGS_FILE, ...(await sealOf(file)) }, ...data];
}

/** Their files were linked into the finished one where they are still named. */
async function removeLeftovers(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(directory, name), { recursive: true, force: true });
}

/** The status shows it to everybody, so it does not say where. */
async function remember(db: Database, { manifest }: MadeBackup): Promise<void> {
  const { finished_at, files } = manifest;
  await noteBackup(db, { finished_at, files: files.count, bytes: files.bytes });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
