/** Checks a backup: every digest, and that its database can be loaded and names the files that are there. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../../db/database.ts';
import type { MigrationSource } from '../../db/migrate.ts';
import { sql } from '../../db/sql.ts';
import { Secrets } from '../../lib/crypto/secrets.ts';
import { forEachConcurrent } from '../../lib/flow/map-concurrent.ts';
import { isErrno } from '../../lib/process/errno.ts';
import { type ListedFile, readFileList } from './file-list.ts';
import { loadDatabase } from './load-database.ts';
import { FILES_DIRECTORY, type Manifest, type SealedFile } from './manifest.ts';
import { type Report, sizeText } from './progress.ts';
import { rotateKeys } from './rotate-keys.ts';
import { sealOf } from './sealed-file.ts';

const AT_ONCE = 2;

interface VerifyRequest {
  /** Directory of the backup. */
  readonly path: string;
  readonly manifest: Manifest;
  /** Runs work on an empty database that is thrown away afterwards. */
  readonly withScratch: <T>(work: (db: Database) => Promise<T>) => Promise<T>;
  readonly sources: readonly MigrationSource[];
  /** Key file of the backup, if it has one. */
  readonly keyFile: string | undefined;
  readonly report: Report;
}

/** Answers what is wrong, in words; nothing for a whole backup. */
export async function verifyBackup(request: VerifyRequest): Promise<string[]> {
  const { path, manifest, report } = request;
  const problems = await verifySealed(path, [manifest.database, manifest.files, ...manifest.others]);
  if (problems.length > 0) return problems; // the list itself may be wrong
  if (manifest.files.kept === 'here') problems.push(...(await verifyFiles(path, manifest, report)));
  else report.tell('Files are not in the backup, only their list was checked.');
  problems.push(...(await verifyDatabase(request)));
  return problems;
}

/** Files of the backup itself against the manifest. */
export async function verifySealed(path: string, files: readonly SealedFile[]): Promise<string[]> {
  const problems: string[] = [];
  for (const file of files) {
    const problem = await compare(join(path, file.path), file);
    if (problem) problems.push(`${file.path} ${problem}`);
  }
  return problems;
}

async function compare(file: string, expected: { size: number; sha256: string | null }): Promise<string | undefined> {
  try {
    const { size } = await stat(file);
    if (size !== expected.size) return `has ${size} bytes instead of ${expected.size}`;
    if (expected.sha256 === null || (await sealOf(file)).sha256 === expected.sha256) return undefined;
    return 'has another digest: it was changed or damaged';
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return 'is missing';
    throw error;
  }
}

async function verifyFiles(path: string, manifest: Manifest, report: Report): Promise<string[]> {
  const problems: string[] = [];
  const known = new Set(manifest.files.missing);
  const { count, bytes } = manifest.files;
  let done = 0;
  let read = 0;
  await forEachConcurrent(readFileList(join(path, manifest.files.path)), AT_ONCE, async (file: ListedFile) => {
    const problem = known.has(file.key) ? undefined : await compare(join(path, FILES_DIRECTORY, file.key), file);
    if (problem) problems.push(`${FILES_DIRECTORY}/${file.key} ${problem}`);
    done++;
    read += file.size;
    report.progress(`files: ${done} of ${count} read, ${sizeText(read)} of ${sizeText(bytes)}`);
  });
  if (done !== count) problems.push(`${manifest.files.path} names ${done} files instead of ${count}`);
  report.tell(`Files: ${done - known.size} read (${sizeText(bytes)}).`);
  if (known.size > 0) report.tell(`${known.size} files were missing when the backup was made.`);
  return problems;
}

async function verifyDatabase({ path, manifest, withScratch, sources, keyFile, report }: VerifyRequest) {
  return await withScratch(async (db) => {
    const problems: string[] = [];
    const { rows } = await loadDatabase(db, join(path, manifest.database.path), sources, report);
    for (const [table, count] of Object.entries(manifest.database.rows)) {
      if (rows[table] !== count) problems.push(`table ${table} has ${rows[table] ?? 0} rows instead of ${count}`);
    }
    const named = await db.row<{ count: number }>(sql`
      select (select count(*) from artifact) + (select count(*) from upload_chunk) as count`);
    if (named?.count !== manifest.files.count) {
      problems.push(`the database names ${named?.count} files, the list ${manifest.files.count}`);
    }
    problems.push(...(await verifySecrets(db, keyFile, report)));
    report.tell(`Database: ${Object.values(rows).reduce((sum, count) => sum + count, 0)} rows loaded.`);
    return problems;
  });
}

async function verifySecrets(db: Database, keyFile: string | undefined, report: Report): Promise<string[]> {
  if (keyFile === undefined) {
    report.tell('The encryption key is not in the backup: keep it elsewhere.');
    return [];
  }
  const { unreadable } = await rotateKeys(db, await Secrets.load(keyFile), true);
  return [...new Set(unreadable)].map((place) => `values of ${place} cannot be read with the key of the backup`);
}
