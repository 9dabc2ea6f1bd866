/** Temporary artifacts of a sync: whatever was not kept at its end is removed. */
import type { ArtifactStore, TempArtifact } from '../../storage/artifact-store.ts';

export class TempPool {
  readonly #store: ArtifactStore;
  readonly #held = new Set<TempArtifact>();

  constructor(store: ArtifactStore) {
    this.#store = store;
  }

  add<T extends TempArtifact>(temp: T): T {
    this.#held.add(temp);
    return temp;
  }

  /** These are artifacts now, or removed by whoever failed to keep them. */
  forget(temps: readonly TempArtifact[]): void {
    for (const temp of temps) this.#held.delete(temp);
  }

  async discard(): Promise<void> {
    for (const temp of this.#held) await this.#store.discard(temp).catch(() => {});
    this.#held.clear();
  }
}
