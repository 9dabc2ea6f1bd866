/** Two storages while artifacts move from one to the other: everything new goes to the first, what it lacks is read from the second. */
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { ByteRange } from '../../lib/http/byte-range.ts';
import { MissingFile } from '../storage-errors.ts';
import type { PresignOptions, StorageDriver, StoredFile, Usage } from './driver.ts';

export class FallbackDriver implements StorageDriver {
  readonly name: string;
  readonly #first: StorageDriver;
  readonly #second: StorageDriver;

  constructor(first: StorageDriver, second: StorageDriver) {
    this.name = first.name;
    this.#first = first;
    this.#second = second;
  }

  moveIn(tempFile: string, key: string): Promise<void> {
    return this.#first.moveIn(tempFile, key);
  }

  copyIn(file: string, key: string): Promise<void> {
    return this.#first.copyIn(file, key);
  }

  copyOut(key: string, file: string): Promise<void> {
    return this.#either((driver) => driver.copyOut(key, file));
  }

  open(key: string, range?: ByteRange): Promise<{ size: number; stream: Readable }> {
    return this.#either((driver) => driver.open(key, range));
  }

  /** Looks whether the file is there, because the caller would take its absence for a loss. */
  localPath(key: string): string | undefined {
    for (const driver of [this.#first, this.#second]) {
      const path = driver.localPath(key);
      if (path !== undefined && existsSync(path)) return path;
    }
    return undefined;
  }

  async stat(key: string): Promise<{ size: number; mtime: number } | undefined> {
    return (await this.#first.stat(key)) ?? (await this.#second.stat(key));
  }

  async remove(key: string): Promise<void> {
    await this.#first.remove(key);
    await this.#second.remove(key);
  }

  /** Keys that are in both are told once. */
  async *list(prefix: string): AsyncGenerator<StoredFile> {
    yield* this.#first.list(prefix);
    for await (const file of this.#second.list(prefix)) if (!(await this.#first.stat(file.key))) yield file;
  }

  sync(keys: readonly string[]): Promise<void> {
    return this.#first.sync(keys);
  }

  /** A link to where the file is now, if that storage has links. */
  async presign(key: string, options: PresignOptions): Promise<string | undefined> {
    const holder = (await this.#first.stat(key)) ? this.#first : this.#second;
    return await holder.presign?.(key, options);
  }

  usage(): Promise<Usage | undefined> {
    return this.#first.usage();
  }

  writable(): Promise<void> {
    return this.#first.writable();
  }

  async removeEmptyDirectories(prefix: string, unchangedSince: number): Promise<number> {
    const counts = [this.#first, this.#second].map((driver) => driver.removeEmptyDirectories?.(prefix, unchangedSince));
    return (await Promise.all(counts)).reduce<number>((sum, count) => sum + (count ?? 0), 0);
  }

  async #either<T>(ask: (driver: StorageDriver) => Promise<T>): Promise<T> {
    try {
      return await ask(this.#first);
    } catch (error) {
      if (!(error instanceof MissingFile)) throw error;
      return await ask(this.#second);
    }
  }
}
