/** Walking a directory tree: listing its files, removing its empty directories. */
import { lstat, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mapConcurrent } from '../../lib/flow/map-concurrent.ts';
import { isErrno } from '../../lib/process/errno.ts';
import type { StoredFile } from './driver.ts';

const CONCURRENCY = 16;

/** Files below `root` whose path relative to it starts with `prefix`. Links are not followed and not listed. */
export async function* listFiles(root: string, prefix: string): AsyncGenerator<StoredFile> {
  const slash = prefix.lastIndexOf('/') + 1;
  const directory = prefix.slice(0, slash);
  const names = await entriesOf(join(root, directory));
  const wanted = names.filter(({ name }) => name.startsWith(prefix.slice(slash)));
  const files = wanted.filter((entry) => entry.isFile()).map(({ name }) => directory + name);
  for await (const file of mapConcurrent(files, CONCURRENCY, (key) => statFile(root, key))) if (file) yield file;
  for (const entry of wanted) if (entry.isDirectory()) yield* listFiles(root, `${directory}${entry.name}/`);
}

/** A file may go while the tree is walked. */
async function statFile(root: string, key: string): Promise<StoredFile | undefined> {
  try {
    const { size, mtimeMs } = await lstat(join(root, key));
    return { key, size, mtime: mtimeMs };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function entriesOf(directory: string) {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** Removes directories below `directory`, deepest first, that are empty and were not changed since a time; answers how many. */
export async function removeEmptyDirectories(directory: string, unchangedSince: number): Promise<number> {
  let removed = 0;
  for (const entry of await entriesOf(directory)) {
    if (!entry.isDirectory()) continue;
    const path = join(directory, entry.name);
    const changed = await lstat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Number.POSITIVE_INFINITY,
    );
    removed += await removeEmptyDirectories(path, unchangedSince);
    if (changed < unchangedSince && (await removeIfEmpty(path))) removed++;
  }
  return removed;
}

async function removeIfEmpty(directory: string): Promise<boolean> {
  try {
    await rmdir(directory);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY')) return false;
    throw error;
  }
}
