/** Inspects the file of an artifact and restores it from wherever upstream has the bytes. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Downloader } from '../../../download/downloader.ts';
import { messageOf } from '../../../lib/errors.ts';
import { removingFiles, waitingForBackup } from '../../../model/content/file-removal.ts';
import { alternateSources, sourcesOf } from '../../../model/content/remote-artifact.ts';
import type { StoredArtifact } from '../../../model/content/stored-artifacts.ts';
import { findRemote } from '../../../model/repositories/remote.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';
import type { ArtifactStore } from '../../../storage/artifact-store.ts';
import { MissingFile } from '../../../storage/storage-errors.ts';
import { fetchArtifact } from './fetch-artifact.ts';

export type FileState = 'fine' | 'missing' | 'corrupted';

export class ArtifactMender {
  readonly #context: TaskContext;
  readonly #store: ArtifactStore;
  readonly #verify: boolean;
  readonly #downloaders = new Map<string, Promise<Downloader | undefined>>();

  /** Without `verify` only presence is looked at. */
  constructor(context: TaskContext, verify: boolean) {
    this.#context = context;
    this.#store = context.storage(context.domain);
    this.#verify = verify;
  }

  async inspect({ sha256, size }: StoredArtifact): Promise<FileState> {
    const stat = await this.#store.driver.stat(this.#store.keyOf(sha256));
    if (!stat) return 'missing';
    if (!this.#verify) return 'fine';
    return stat.size === size ? await this.#verified(sha256) : 'corrupted';
  }

  /** False when no source has the bytes; a damaged file is put aside then, for it may be the last copy of most of them. */
  async restore(artifact: StoredArtifact, state: FileState): Promise<boolean> {
    const { db, domain, logger, signal } = this.#context;
    const { sha256, size } = artifact;
    const alternate = (await alternateSources(db, domain.id, [sha256])).get(sha256) ?? [];
    for (const { remoteId, url, headers } of [...alternate, ...(await sourcesOf(db, domain.id, artifact.id))]) {
      try {
        const downloader = await this.#downloader(remoteId);
        if (!downloader) continue;
        const target = { store: this.#store, digests: ['sha256'] as const, signal };
        const temp = await fetchArtifact(downloader, target, url, { size, digests: { sha256 }, headers });
        await this.#store.keep([temp]);
        return true;
      } catch (error) {
        signal.throwIfAborted();
        logger.warn({}, `The file of artifact ${sha256} could not be restored from ${url}: ${messageOf(error)}`);
      }
    }
    if (state === 'corrupted') await this.#quarantine(sha256);
    logger.warn({}, `The file of artifact ${sha256} is ${state} and cannot be restored`);
    return false;
  }

  async close(): Promise<void> {
    for (const opened of this.#downloaders.values()) await opened.then((one) => one?.close()).catch(() => {});
  }

  async #verified(sha256: string): Promise<FileState> {
    const hash = createHash('sha256');
    try {
      const { stream } = await this.#store.driver.open(this.#store.keyOf(sha256));
      for await (const piece of stream) hash.update(piece as Uint8Array);
    } catch (error) {
      if (error instanceof MissingFile) return 'missing';
      throw error;
    }
    return hash.digest('hex') === sha256 ? 'fine' : 'corrupted';
  }

  #downloader(remoteId: string): Promise<Downloader | undefined> {
    let opened = this.#downloaders.get(remoteId);
    if (!opened) {
      const { db, secrets, domain } = this.#context;
      opened = findRemote(db, secrets, domain.id, remoteId).then(
        (remote) => remote && this.#context.downloader(remote.settings),
      );
      this.#downloaders.set(remoteId, opened);
    }
    return opened;
  }

  /** Waits, as every removal of a file, for a backup or maintenance to end. */
  async #quarantine(sha256: string): Promise<void> {
    const { signal, logger } = this.#context;
    const onWait = () => logger.info({}, waitingForBackup);
    await removingFiles(
      (work) => this.#context.write(work),
      () => this.#putAside(sha256),
      { signal, onWait },
    );
  }

  /** Moves the file to `quarantine/…` of the storage. */
  async #putAside(sha256: string): Promise<void> {
    const { driver } = this.#store;
    const key = this.#store.keyOf(sha256);
    const target = key.replace(/^artifact\//, 'quarantine/');
    const local = driver.localPath(key);
    if (local !== undefined) return await driver.moveIn(local, target);
    const copy = join(await this.#context.workDirectory(), `quarantine-${sha256}`);
    await driver.copyOut(key, copy);
    await driver.moveIn(copy, target);
    await driver.remove(key);
  }
}
