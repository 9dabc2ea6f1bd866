/** Temporary files of bodies being received: their names, and the sweeping of what killed processes left. */
import { randomBytes } from 'node:crypto';
import { mkdir, opendir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../lib/process/errno.ts';

export class TempFiles {
  readonly directory: string;
  readonly #prefix: string;
  #count = 0;

  /** With tag and number of the process in their names, files can be removed when it is known to be dead. */
  constructor(directory: string, tag?: string) {
    this.directory = directory;
    const random = randomBytes(8).toString('hex');
    this.#prefix = tag === undefined ? random : `${tag}-${process.pid}-${random}`;
  }

  /** A name nobody else uses; several processes share the directory. */
  newPath(): string {
    return join(this.directory, `${this.#prefix}-${(this.#count++).toString(36)}`);
  }

  /** Runs a write to a new path; makes the directory when it is missing, and removes the file when the write fails. */
  async create<T>(write: (path: string) => Promise<T>): Promise<{ path: string; value: T }> {
    const path = this.newPath();
    try {
      return { path, value: await write(path) };
    } catch (error) {
      await this.remove(path);
      throw error;
    }
  }

  async ensureDirectory(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
  }

  async remove(path: string): Promise<void> {
    await unlink(path).catch((error) => {
      if (!isErrno(error, 'ENOENT')) throw error;
    });
  }

  /** Removes files not written to since a time (milliseconds since 1970); answers how many. */
  sweep(unchangedSince: number): Promise<number> {
    return this.#sweep(unchangedSince, () => true);
  }

  /** Removes only the files of processes whose tags are not among those that live. */
  sweepDead(living: ReadonlySet<string>, unchangedSince: number): Promise<number> {
    return this.#sweep(unchangedSince, (name) => {
      const tag = /^([0-9a-f]{12})-/.exec(name)?.[1];
      return tag !== undefined && !living.has(tag);
    });
  }

  /** Removes the files of a process that shared a tag with others that live. */
  sweepProcess(tag: string, pid: number): Promise<number> {
    return this.#sweep(Number.POSITIVE_INFINITY, (name) => name.startsWith(`${tag}-${pid}-`));
  }

  async #sweep(unchangedSince: number, concerns: (name: string) => boolean): Promise<number> {
    let removed = 0;
    for (const name of await this.#names()) {
      if (!concerns(name)) continue;
      const path = join(this.directory, name);
      const changed = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => Number.POSITIVE_INFINITY,
      );
      if (changed >= unchangedSince) continue;
      await rm(path, { force: true, recursive: true });
      removed++;
    }
    return removed;
  }

  async #names(): Promise<string[]> {
    try {
      const entries = await Array.fromAsync(await opendir(this.directory));
      return entries.map(({ name }) => name);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }
}
