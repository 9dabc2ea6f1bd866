/** A storage that is looked up and opened when it is first used: domains may each have their own. */
import type { Readable } from 'node:stream';
import type { ByteRange } from '../../lib/http/byte-range.ts';
import { checkKey } from '../storage-key.ts';
import type { PresignOptions, StorageDriver, StoredFile, Usage } from './driver.ts';

export class LazyDriver implements StorageDriver {
  readonly #open: () => Promise<StorageDriver>;
  #opening: Promise<StorageDriver> | undefined;
  #opened: StorageDriver | undefined;

  constructor(open: () => Promise<StorageDriver>) {
    this.#open = open;
  }

  get name(): string {
    return this.#opened?.name ?? 'unopened';
  }

  /** The storage itself; a failure to open it is tried again at the next use. */
  async driver(): Promise<StorageDriver> {
    if (this.#opened) return this.#opened;
    this.#opening ??= this.#open();
    try {
      this.#opened = await this.#opening;
      return this.#opened;
    } finally {
      this.#opening = undefined;
    }
  }

  async moveIn(tempFile: string, key: string): Promise<void> {
    await (await this.driver()).moveIn(tempFile, key);
  }

  async copyIn(file: string, key: string): Promise<void> {
    await (await this.driver()).copyIn(file, key);
  }

  async copyOut(key: string, file: string): Promise<void> {
    await (await this.driver()).copyOut(key, file);
  }

  async open(key: string, range?: ByteRange): Promise<{ size: number; stream: Readable }> {
    return await (await this.driver()).open(key, range);
  }

  /** Before it is opened no file of it is known to be local; then it is read as from afar. */
  localPath(key: string): string | undefined {
    checkKey(key);
    if (!this.#opened) void this.driver().catch(() => undefined);
    return this.#opened?.localPath(key);
  }

  async stat(key: string): Promise<{ size: number; mtime: number } | undefined> {
    return await (await this.driver()).stat(key);
  }

  async remove(key: string): Promise<void> {
    await (await this.driver()).remove(key);
  }

  async *list(prefix: string): AsyncGenerator<StoredFile> {
    yield* (await this.driver()).list(prefix);
  }

  async sync(keys: readonly string[]): Promise<void> {
    await (await this.driver()).sync(keys);
  }

  async presign(key: string, options: PresignOptions): Promise<string | undefined> {
    return await (await this.driver()).presign?.(key, options);
  }

  async usage(): Promise<Usage | undefined> {
    return await (await this.driver()).usage();
  }

  async writable(): Promise<void> {
    await (await this.driver()).writable();
  }

  async removeEmptyDirectories(prefix: string, unchangedSince: number): Promise<number> {
    return (await (await this.driver()).removeEmptyDirectories?.(prefix, unchangedSince)) ?? 0;
  }
}
