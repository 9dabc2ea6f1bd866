/** Chunks of an upload in the making: each a file `upload/<id>/<offset>` of the storage, so that any process can go on with it. */
import type { DigestName } from '../lib/crypto/digest.ts';
import { forEachConcurrent } from '../lib/flow/map-concurrent.ts';
import type { BodySource, Expected } from './body.ts';
import type { StorageDriver } from './drivers/driver.ts';
import { SizeMismatch } from './storage-errors.ts';
import type { ReceiveOptions, TempArtifact } from './temp-artifact.ts';

export interface Chunk {
  offset: number;
  size: number;
}

interface ChunkOptions {
  expectedSize?: number | undefined;
  sha256?: string | null | undefined;
  signal?: AbortSignal | undefined;
}

interface AssembleOptions {
  digests: readonly DigestName[];
  expected?: Expected | undefined;
  signal?: AbortSignal | undefined;
}

/** What chunks need of the store that keeps them. */
interface ChunkStore {
  readonly driver: StorageDriver;
  receive(source: BodySource, options: ReceiveOptions): Promise<TempArtifact>;
  makeDurable(keys: readonly string[]): Promise<void>;
  discard(received: Pick<TempArtifact, 'path'>): Promise<void>;
}

export class ChunkedUploads {
  readonly #store: ChunkStore;

  constructor(store: ChunkStore) {
    this.#store = store;
  }

  /** Stores a chunk durably, replacing one of the same offset. Throws what receive throws. */
  async write(uploadId: string, offset: number, source: BodySource, options: ChunkOptions = {}): Promise<Chunk> {
    keyOf(uploadId, offset); // refuses a bad one before anything is read
    const expected: Expected = { size: options.expectedSize, digests: { sha256: options.sha256 } };
    const received = await this.#store.receive(source, { digests: [], expected, signal: options.signal });
    return await this.keep(uploadId, offset, received);
  }

  /** Takes a body that was received already as the chunk at an offset, replacing one of the same offset. */
  async keep(uploadId: string, offset: number, received: TempArtifact): Promise<Chunk> {
    try {
      const key = keyOf(uploadId, offset);
      await this.#store.driver.moveIn(received.path, key);
      await this.#store.makeDurable([key]);
    } catch (error) {
      await this.#store.discard(received);
      throw error;
    }
    return { offset, size: received.size };
  }

  /** The chunks one after another as one body, in the order of their offsets. Throws MissingFile, SizeMismatch, DigestMismatch … */
  assemble(uploadId: string, chunks: readonly Chunk[], options: AssembleOptions): Promise<TempArtifact> {
    return this.#store.receive(this.#read(uploadId, chunks), options);
  }

  /** Removes all chunks of an upload; one that is not there is no error. The empty directory goes with the next sweep. */
  async remove(uploadId: string): Promise<void> {
    const keys: string[] = [];
    for await (const { key } of this.#store.driver.list(`upload/${uploadId}/`)) keys.push(key);
    await forEachConcurrent(keys, 8, (key) => this.#store.driver.remove(key));
  }

  /** Ids of uploads that have chunks, with the time of the newest one in milliseconds since 1970. */
  async ids(): Promise<Map<string, number>> {
    const newest = new Map<string, number>();
    for await (const { key, mtime } of this.#store.driver.list('upload/')) {
      const id = key.split('/')[1]!;
      newest.set(id, Math.max(mtime, newest.get(id) ?? 0));
    }
    return newest;
  }

  async *#read(uploadId: string, chunks: readonly Chunk[]): AsyncGenerator<Uint8Array> {
    for (const { offset, size } of [...chunks].sort((left, right) => left.offset - right.offset)) {
      const key = keyOf(uploadId, offset);
      const file = await this.#store.driver.open(key);
      if (file.size !== size) {
        file.stream.destroy();
        throw new SizeMismatch(size, file.size);
      }
      yield* file.stream;
    }
  }
}

function keyOf(uploadId: string, offset: number): string {
  if (!Number.isSafeInteger(offset) || offset < 0) throw new RangeError(`Not an offset: ${offset}`);
  return `upload/${uploadId}/${offset}`;
}
