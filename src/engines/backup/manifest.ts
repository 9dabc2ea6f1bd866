/** The manifest of a backup, written last: without it a directory is no backup. */
import { open, readdir, readFile, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { AppliedMigration } from '../../db/migrate.ts';
import { isErrno } from '../../lib/process/errno.ts';
import { BackupRefused } from './backup-refused.ts';

export interface SealedFile {
  /** Relative to the directory of the backup. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

export interface Manifest {
  readonly format: 1;
  readonly program: string;
  readonly started_at: string;
  readonly finished_at: string;
  readonly database: SealedFile & {
    readonly migrations: readonly AppliedMigration[];
    readonly rows: Readonly<Record<string, number>>;
  };
  /** A list with key, size, sha256 and domain of each stored file, and whether the files are in the backup. */
  readonly files: SealedFile & {
    readonly count: number;
    readonly bytes: number;
    readonly kept: 'here' | 'in the storage';
    /** Keys of files that the storage did not have, or not with the right size. */
    readonly missing: readonly string[];
  };
  /** Settings and keys. */
  readonly others: readonly SealedFile[];
  /** Whether keys and passwords of the settings are in the backup. */
  readonly secrets: boolean;
}

export const DATABASE_FILE = 'database.zst';
export const LIST_FILE = 'files.zst';
export const FILES_DIRECTORY = 'files';
export const DATA_DIRECTORY = 'data';
export const SETTINGS_FILE = 'settings.toml';

const MANIFEST = 'manifest.json';
const UNFINISHED = '.unfinished';
const SNAPSHOT = /^\d{8}T\d{9}Z$/;

/** Name of a backup made at a time: `20260131T235959123Z`. */
export function snapshotName(date: Date): string {
  return date.toISOString().replace(/[-:.]/g, '');
}

export function unfinishedName(name: string): string {
  return name + UNFINISHED;
}

/** Names of the finished backups in a directory, newest first, and of those that never were. */
export async function findSnapshots(directory: string): Promise<{ finished: string[]; unfinished: string[] }> {
  const names = await readdir(directory).catch((error) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  const of = (ending: string) =>
    names.filter((name) => name.endsWith(ending) && SNAPSHOT.test(name.slice(0, name.length - ending.length)));
  return { finished: of('').sort().reverse(), unfinished: of(UNFINISHED).sort().reverse() };
}

/** The directory of the backup meant: itself, or the newest of the backups in it. */
export async function findBackup(directory: string): Promise<{ path: string; manifest: Manifest }> {
  const own = await readManifest(directory);
  if (own) return { path: resolve(directory), manifest: own };
  const { finished, unfinished } = await findSnapshots(directory);
  const path = finished[0] && resolve(directory, finished[0]);
  const manifest = path && (await readManifest(path));
  if (manifest) return { path, manifest };
  const hint = unfinished.length > 0 ? `, only ${unfinished[0]}, which was not finished` : '';
  throw new BackupRefused(`There is no backup in ${resolve(directory)}${hint}.`);
}

async function readManifest(path: string): Promise<Manifest | undefined> {
  let text: string;
  try {
    text = await readFile(join(path, MANIFEST), 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  return checkManifest(text, path);
}

function checkManifest(text: string, path: string): Manifest {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text) as Manifest;
  } catch {
    throw new BackupRefused(`The manifest of ${path} is damaged.`);
  }
  if (manifest?.format === 1) {
    if (isWhole(manifest)) return manifest;
    throw new BackupRefused(`The manifest of ${path} is damaged: it lacks some of its parts.`);
  }
  if (typeof manifest?.format !== 'number') throw new BackupRefused(`The manifest of ${path} is damaged.`);
  throw new BackupRefused(`The backup ${path} was made by a newer program (form ${manifest.format}).`);
}

/** Whether all is there that is read of it. */
function isWhole({ program, started_at: started, database, files, others, secrets }: Manifest): boolean {
  const isSealed = (file: Partial<SealedFile> | undefined) =>
    typeof file?.path === 'string' && typeof file.size === 'number' && typeof file.sha256 === 'string';
  return (
    typeof program === 'string' &&
    typeof started === 'string' &&
    typeof secrets === 'boolean' &&
    isSealed(database) &&
    Array.isArray(database.migrations) &&
    isSealed(files) &&
    Array.isArray(files.missing) &&
    typeof files.count === 'number' &&
    Array.isArray(others) &&
    others.every(isSealed)
  );
}

/** Makes a finished backup of an unfinished one: the manifest, then the name. */
export async function finishSnapshot(directory: string, name: string, manifest: Manifest): Promise<string> {
  const work = join(directory, unfinishedName(name));
  const handle = await open(join(work, MANIFEST), 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncDirectory(work);
  await rename(work, join(directory, name));
  await syncDirectory(directory);
  return join(directory, name);
}

export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
