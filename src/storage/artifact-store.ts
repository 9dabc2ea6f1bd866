/** Artifacts on their way into the storage: received while hashing, kept by their sha256 and made durable, or discarded. */
import type { DigestName, Digests } from '../lib/crypto/digest.ts';
import { forEachConcurrent } from '../lib/flow/map-concurrent.ts';
import { isErrno } from '../lib/process/errno.ts';
import { artifactKey } from './artifact-key.ts';
import { BodyReader, type BodySource, checkDigests } from './body.ts';
import { ChunkedUploads } from './chunked-uploads.ts';
import type { StorageDriver } from './drivers/driver.ts';
import { HashPool } from './hash-pool.ts';
import { receiveLarge } from './receive-large.ts';
import { digestBuffer, joinPieces, writeNewFile } from './receive-small.ts';
import { storageError } from './storage-errors.ts';
import type { ReceiveOptions, TempArtifact } from './temp-artifact.ts';
import { TempFiles } from './temp-files.ts';

export type { TempArtifact } from './temp-artifact.ts';

/** Bodies up to this size are collected in memory, written at once and hashed here; for larger ones threads pay off. */
const BUFFERED_BYTES = 1024 * 1024;
const MOVES_AT_ONCE = 16;

interface ArtifactStoreOptions {
  driver: StorageDriver;
  /** Directory for temporary files, on the driver's file system if it has one: `<media>/tmp/files`. */
  workDirectory: string;
  /** Tag of the process, for the names of its temporary files. */
  processTag?: string | undefined;
  /** Id of the domain, null for the default one. */
  domain?: string | null;
  /** False gives up durability over a power failure for speed. */
  fsync?: boolean;
  hashPool?: HashPool;
}

export class ArtifactStore {
  readonly driver: StorageDriver;
  /** Files on their way in. */
  readonly temporary: TempFiles;
  /** Chunks of uploads in the making. */
  readonly uploads: ChunkedUploads;
  readonly #options: ArtifactStoreOptions;
  readonly #hashPool: HashPool;
  readonly #domain: string | null;
  readonly #fsync: boolean;

  constructor(options: ArtifactStoreOptions) {
    this.driver = options.driver;
    this.#hashPool = options.hashPool ?? new HashPool();
    this.#options = { ...options, hashPool: this.#hashPool };
    this.temporary = new TempFiles(options.workDirectory, options.processTag);
    this.#domain = options.domain ?? null;
    this.#fsync = options.fsync ?? true;
    this.uploads = new ChunkedUploads(this);
  }

  /** The store of another domain over the same threads, and the same driver unless it has its own. */
  forDomain(domain: string | null, driver: StorageDriver = this.driver): ArtifactStore {
    return new ArtifactStore({ ...this.#options, driver, domain });
  }

  /** Where an artifact of this domain is stored: `artifact/<2>/<62>` or `artifact/<domain>/<2>/<62>`. */
  keyOf(sha256: string): string {
    return artifactKey(sha256, this.#domain);
  }

  /**
   * Reads a body into a temporary file, hashing on the way. Throws DigestMismatch, SizeMismatch, BodyTooLarge, StorageFull, the
   * signal's reason or the source's error; then the source is ended and nothing is left behind. To answer an error over the same
   * connection, pass `request.iterator({ destroyOnReturn: false })` instead of a request.
   */
  async receive(source: BodySource, options: ReceiveOptions): Promise<TempArtifact> {
    const body = new BodyReader(source, options);
    try {
      return await this.#receive(body, options);
    } catch (error) {
      throw storageError(error);
    } finally {
      await body.close();
    }
  }

  /**
   * Moves bodies to their places, replacing equal ones, and makes all of them durable; answers their keys in order.
   * On an error those that were not moved are discarded.
   */
  async keep(artifacts: readonly TempArtifact[]): Promise<string[]> {
    const keys = artifacts.map(({ digests }) => this.keyOf(digests.sha256));
    try {
      await forEachConcurrent(artifacts.keys(), MOVES_AT_ONCE, (index) =>
        this.driver.moveIn(artifacts[index]!.path, keys[index]!),
      );
      await this.makeDurable(keys);
    } catch (error) {
      await Promise.all(artifacts.map((artifact) => this.discard(artifact)));
      throw storageError(error);
    }
    return keys;
  }

  /** Waits until what was moved in under these keys survives a power failure, unless durability is switched off. */
  async makeDurable(keys: readonly string[]): Promise<void> {
    if (this.#fsync) await this.driver.sync(keys);
  }

  /** Removes a body that is not wanted; harmless after keep. */
  async discard(artifact: Pick<TempArtifact, 'path'>): Promise<void> {
    await this.temporary.remove(artifact.path);
  }

  /** Removes temporary files not written to for so many milliseconds, and old empty directories; answers the number of files. */
  async sweep(age: number): Promise<number> {
    const before = Date.now() - age;
    const removed = await this.temporary.sweep(before);
    for (const prefix of ['artifact/', 'upload/']) await this.driver.removeEmptyDirectories?.(prefix, before);
    return removed;
  }

  async #receive(body: BodyReader, options: ReceiveOptions): Promise<TempArtifact> {
    const names = digestsToCompute(options);
    const head: Uint8Array[] = [];
    for (let piece = await body.next(); piece; piece = await body.next()) {
      head.push(piece);
      if (body.size > BUFFERED_BYTES) return this.#receiveLarge(head, body, names, options);
    }
    const bytes = joinPieces(head, body.size);
    const digests = await digestBuffer(bytes, names);
    checkDigests(digests, options.expected?.digests);
    const { path } = await this.#create((file) => writeNewFile(file, bytes));
    return { path, size: body.size, digests: withSha256(digests) };
  }

  async #receiveLarge(
    head: Uint8Array[],
    body: BodyReader,
    names: DigestName[],
    options: ReceiveOptions,
  ): Promise<TempArtifact> {
    await this.temporary.ensureDirectory();
    const { path, value } = await this.temporary.create(async (file) => {
      const digests = await receiveLarge(this.#hashPool, file, head, body, names);
      checkDigests(digests, options.expected?.digests);
      return digests;
    });
    return { path, size: body.size, digests: withSha256(value) };
  }

  /** The directory is there but for the first time: then the write is repeated. */
  async #create(write: (path: string) => Promise<void>): Promise<{ path: string }> {
    try {
      return await this.temporary.create(write);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      await this.temporary.ensureDirectory();
      return this.temporary.create(write);
    }
  }
}

function digestsToCompute({ digests, expected }: ReceiveOptions): DigestName[] {
  const wanted = Object.entries(expected?.digests ?? {}).filter(([, value]) => value);
  return [...new Set<DigestName>(['sha256', ...digests, ...wanted.map(([name]) => name as DigestName)])];
}

function withSha256(digests: Digests): TempArtifact['digests'] {
  return { ...digests, sha256: digests.sha256! };
}
