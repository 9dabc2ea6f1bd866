/** Storage in a directory of this machine or of a shared file system. */
import { randomBytes } from 'node:crypto';
import { constants, type ReadStream, realpathSync } from 'node:fs';
import { copyFile, type FileHandle, lstat, mkdir, open, rename, rm, statfs, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { ByteRange } from '../../lib/http/byte-range.ts';
import { isErrno } from '../../lib/process/errno.ts';
import { InvalidKey, MissingFile, storageError } from '../storage-errors.ts';
import { checkKey } from '../storage-key.ts';
import { DiskSync } from './disk-sync.ts';
import type { StorageDriver, StoredFile, Usage } from './driver.ts';
import { listFiles, removeEmptyDirectories } from './file-tree.ts';

/** How often a directory may vanish under a move (a sweep removes empty ones) before that is an error. */
const MOVE_TRIES = 5;
const READ_BUFFER = 256 * 1024;
/** Directories known to lie inside: 256 per domain are in use. */
const CHECKED_DIRECTORIES = 20_000;

export class FilesystemDriver implements StorageDriver {
  readonly name = 'filesystem';
  /** The directory without symbolic links in its path. */
  readonly root: string;
  readonly #disk: DiskSync;
  readonly #inside = new Set<string>();

  /** `root` must exist. */
  constructor(root: string) {
    this.root = realpathSync(resolve(root));
    this.#disk = new DiskSync(this.root);
  }

  /** Creates the directory if needed. */
  static async create(root: string): Promise<FilesystemDriver> {
    await mkdir(root, { recursive: true });
    return new FilesystemDriver(root);
  }

  async moveIn(tempFile: string, key: string): Promise<void> {
    await this.#place(key, (target) => this.#moveTo(tempFile, target));
  }

  async copyIn(file: string, key: string): Promise<void> {
    const draft = this.#draft();
    try {
      await this.#place(draft.key, () => copyFile(file, draft.path, constants.COPYFILE_FICLONE));
      await this.moveIn(draft.path, key);
    } finally {
      await rm(draft.path, { force: true });
    }
  }

  async copyOut(key: string, file: string): Promise<void> {
    await this.#about(key, (path) => copyFile(path, file, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL));
  }

  async open(key: string, range?: ByteRange): Promise<{ size: number; stream: ReadStream }> {
    return this.#about(key, async (path) => {
      const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      const size = await sizeOf(handle, key);
      return { size, stream: handle.createReadStream({ ...range, highWaterMark: READ_BUFFER }) };
    });
  }

  /** Directories on the way are checked for links that lead out; open the file itself with O_NOFOLLOW. */
  localPath(key: string): string {
    const path = this.#path(key);
    try {
      this.#checkInside(dirname(path));
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
    return path;
  }

  async stat(key: string): Promise<{ size: number; mtime: number } | undefined> {
    try {
      const found = await lstat(this.localPath(key));
      return found.isFile() ? { size: found.size, mtime: found.mtimeMs } : undefined;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    try {
      await unlink(this.localPath(key));
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
  }

  list(prefix: string): AsyncIterable<StoredFile> {
    if (prefix !== '') this.#path(prefix.replace(/\/$/, ''));
    return listFiles(this.root, prefix);
  }

  async sync(keys: readonly string[]): Promise<void> {
    try {
      await this.#disk.sync(keys.map((key) => this.#path(key)));
    } catch (error) {
      throw storageError(error);
    }
  }

  async usage(): Promise<Usage> {
    const { bsize, blocks, bfree, bavail } = await statfs(this.root);
    return { total: blocks * bsize, used: (blocks - bfree) * bsize, free: bavail * bsize };
  }

  async writable(): Promise<void> {
    const draft = this.#draft();
    try {
      await this.#place(draft.key, () => writeFile(draft.path, 'x', { flag: 'wx' }));
    } finally {
      await rm(draft.path, { force: true });
    }
  }

  removeEmptyDirectories(prefix: string, unchangedSince: number): Promise<number> {
    return removeEmptyDirectories(this.#path(prefix.replace(/\/$/, '')), unchangedSince);
  }

  #draft(): { key: string; path: string } {
    const key = `tmp/files/copy-${randomBytes(12).toString('hex')}`;
    return { key, path: this.#path(key) };
  }

  #path(key: string): string {
    checkKey(key);
    return join(this.root, key);
  }

  /** Throws when a symbolic link leads out of the root; what does not exist yet cannot. */
  #checkInside(directory: string): void {
    if (this.#inside.has(directory)) return;
    const real = realpathSync(directory);
    if (real !== this.root && !real.startsWith(`${this.root}/`))
      throw new InvalidKey(directory.slice(this.root.length + 1));
    if (this.#inside.size >= CHECKED_DIRECTORIES) this.#inside.clear();
    this.#inside.add(directory);
  }

  /** Runs a write to the path of a key, making its directory when that is missing. */
  async #place(key: string, write: (path: string) => Promise<unknown>): Promise<void> {
    const path = this.#path(key);
    for (let tries = 1; ; tries++) {
      try {
        this.#checkInside(dirname(path));
        await write(path);
        return;
      } catch (error) {
        if (!isErrno(error, 'ENOENT') || tries === MOVE_TRIES) throw storageError(error);
        await this.#makeDirectory(dirname(path));
      }
    }
  }

  /** Step by step, so that nothing is made behind a link that leads out. */
  async #makeDirectory(directory: string): Promise<void> {
    this.#inside.delete(directory);
    try {
      return this.#checkInside(directory);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw storageError(error);
    }
    await this.#makeDirectory(dirname(directory));
    await mkdir(directory).catch((error) => {
      if (!isErrno(error, 'EEXIST')) throw storageError(error);
    });
  }

  async #moveTo(tempFile: string, target: string): Promise<void> {
    try {
      await rename(tempFile, target);
    } catch (error) {
      if (!isErrno(error, 'EXDEV')) throw error;
      await this.copyIn(tempFile, target.slice(this.root.length + 1));
      await unlink(tempFile);
    }
  }

  async #about<T>(key: string, read: (path: string) => Promise<T>): Promise<T> {
    try {
      return await read(this.localPath(key));
    } catch (error) {
      throw storageError(error, key);
    }
  }
}

async function sizeOf(handle: FileHandle, key: string): Promise<number> {
  const stats = await handle.stat().catch(async (error) => {
    await handle.close();
    throw error;
  });
  if (stats.isFile()) return stats.size;
  await handle.close();
  throw new MissingFile(key);
}
