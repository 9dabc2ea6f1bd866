/** A file of a publication while it is written: piece by piece into the store, named when its digests are known. */
import { BoundedChannel } from '../../lib/flow/bounded.ts';
import type { FileWriter } from '../../plugin-api/contracts/publish.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';

/** Texts are joined up to this size before they are encoded. */
const CHUNK = 64 * 1024;
/** Chunks that wait for the store, for each file that is open. */
const AHEAD = 4;

interface WriterEnds {
  readonly receive: (source: AsyncIterable<Uint8Array>) => Promise<TempArtifact>;
  readonly commit: (temp: TempArtifact, paths: readonly string[]) => void;
  readonly discard: (temp: TempArtifact) => Promise<void>;
}

export class StoreFileWriter implements FileWriter {
  readonly #channel = new BoundedChannel<Uint8Array>(AHEAD);
  readonly #ends: WriterEnds;
  readonly #received: Promise<TempArtifact>;
  #text = '';
  #closed: TempArtifact | undefined;

  constructor(ends: WriterEnds) {
    this.#ends = ends;
    this.#received = ends.receive(this.#channel);
    this.#received.catch(() => {});
  }

  async write(chunk: Uint8Array | string): Promise<void> {
    if (typeof chunk === 'string') {
      this.#text += chunk;
      if (this.#text.length >= CHUNK) await this.#flush();
      return;
    }
    await this.#flush();
    if (chunk.length > 0) await this.#put(chunk);
  }

  async close(): Promise<TempArtifact> {
    await this.#flush();
    this.#channel.close();
    this.#closed = await this.#received;
    return this.#closed;
  }

  commit(...paths: readonly string[]): void {
    if (!this.#closed) throw new Error('A file can be named when it is closed');
    this.#ends.commit(this.#closed, paths);
  }

  async cancel(): Promise<void> {
    this.#channel.fail(new Error('The file was given up'));
    const temp = await this.#received.catch(() => undefined);
    if (temp) await this.#ends.discard(temp);
  }

  async #flush(): Promise<void> {
    if (this.#text === '') return;
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    await this.#put(bytes);
  }

  /** When the store has given up, its reason is the error, not that nobody reads. */
  async #put(bytes: Uint8Array): Promise<void> {
    try {
      await this.#channel.put(bytes);
    } catch (error) {
      await this.#received;
      throw error;
    }
  }
}
