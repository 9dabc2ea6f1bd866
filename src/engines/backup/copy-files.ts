/** Brings stored files into a backup: by a link to the same bytes where the file system can, else by a copy. */
import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { forEachConcurrent } from '../../lib/flow/map-concurrent.ts';
import { isErrno } from '../../lib/process/errno.ts';
import type { StorageDriver } from '../../storage/drivers/driver.ts';
import { MissingFile } from '../../storage/storage-errors.ts';
import { type ListedFile, readFileList } from './file-list.ts';
import { syncDirectory } from './manifest.ts';
import { type Report, sizeText } from './progress.ts';

/** The driver of a domain, by its id; null is the default domain. */
export type DriverOf = (domain: string | null) => StorageDriver;

interface CopyRequest {
  readonly list: string;
  readonly total: { readonly count: number; readonly bytes: number };
  /** Directory for the files; they keep their keys. */
  readonly target: string;
  /** Files directories of earlier backups, the one to look at first in front. */
  readonly earlier: readonly string[];
  readonly driverOf: DriverOf;
  readonly report: Report;
}

export interface CopiedFiles {
  readonly linked: number;
  readonly copied: number;
  readonly copiedBytes: number;
  /** Keys that the storage does not have, or not with the right size. */
  readonly missing: readonly string[];
}

const AT_ONCE = 8;
/** Errors of a file that cannot be linked: another file system, one without links, too many of them, or rules of the system. */
const NO_LINKS = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'EACCES'] as const;

/** Files are never changed once they are stored, so links are as good as copies. */
export async function copyFiles(request: CopyRequest): Promise<CopiedFiles> {
  const copier = new Copier(request);
  await forEachConcurrent(readFileList(request.list), AT_ONCE, (file) => copier.take(file));
  await copier.finish();
  return copier;
}

class Copier implements CopiedFiles {
  linked = 0;
  copied = 0;
  copiedBytes = 0;
  readonly missing: string[] = [];
  readonly #request: CopyRequest;
  readonly #directories = new Set<string>();
  #done = 0;

  constructor(request: CopyRequest) {
    this.#request = request;
  }

  async take(file: ListedFile): Promise<void> {
    const { target, total, report } = this.#request;
    const path = join(target, file.key);
    await this.#directory(dirname(path));
    try {
      await this.#bring(file, path);
    } catch (error) {
      if (!(error instanceof MissingFile)) throw error;
      this.missing.push(file.key);
    }
    this.#done++;
    report.progress(`files: ${this.#done} of ${total.count}, ${sizeText(this.copiedBytes)} copied`);
  }

  /** Makes the names durable; the bytes of copies are already. */
  async finish(): Promise<void> {
    await forEachConcurrent(this.#directories, AT_ONCE, syncDirectory);
  }

  async #bring(file: ListedFile, path: string): Promise<void> {
    for (const earlier of this.#request.earlier) {
      if (file.sha256 !== null && (await this.#linked(join(earlier, file.key), path, file))) return;
    }
    const driver = this.#request.driverOf(file.domain);
    const local = driver.localPath(file.key);
    if (local !== undefined && (await this.#linked(local, path, file))) return;
    await this.#copy(driver, file, path);
  }

  /** Whether there is a file of the right size that could be linked. */
  async #linked(from: string, to: string, file: ListedFile): Promise<boolean> {
    try {
      if ((await stat(from)).size !== file.size) return false;
      await link(from, to);
      this.linked++;
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR', ...NO_LINKS)) return false;
      throw error;
    }
  }

  /** Under another name until it is whole, so that what a killed backup leaves can be taken over by the next one. */
  async #copy(driver: StorageDriver, file: ListedFile, path: string): Promise<void> {
    const draft = `${path}.part`;
    await rm(draft, { force: true });
    await copyOut(driver, file.key, draft);
    const handle = await open(draft, 'r');
    try {
      const { size } = await handle.stat();
      if (size !== file.size) throw new MissingFile(file.key);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, path);
    this.copied++;
    this.copiedBytes += file.size;
  }

  async #directory(path: string): Promise<void> {
    if (this.#directories.has(path)) return;
    await mkdir(path, { recursive: true });
    this.#directories.add(path);
  }
}

async function copyOut(driver: StorageDriver, key: string, to: string): Promise<void> {
  const local = driver.localPath(key);
  if (local === undefined) return driver.copyOut(key, to);
  try {
    await copyFile(local, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  } catch (error) {
    throw isErrno(error, 'ENOENT', 'ENOTDIR') ? new MissingFile(key) : error;
  }
}
