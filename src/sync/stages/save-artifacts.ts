/** Makes artifacts of received bytes, as many at a time as have arrived while the ones before were made durable. */
import type { BoundedChannel } from '../../lib/bounded.ts';
import type { SavedArtifact } from '../../model/artifact.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { SyncArtifact, SyncUnit } from '../units.ts';

export const SAVE_AT_ONCE = 2000;

export async function* saveArtifactsStage(
  save: (received: readonly TempArtifact[]) => Promise<SavedArtifact[]>,
  units: BoundedChannel<SyncUnit>,
): AsyncGenerator<SyncUnit[]> {
  for await (const batch of units.batches(SAVE_AT_ONCE)) {
    const received = batch.flatMap(({ artifacts }) => artifacts.filter((one) => one.received !== null));
    const saved = await save(received.map((artifact) => artifact.received!));
    for (const [at, artifact] of received.entries()) settle(artifact, saved[at]!.id);
    for (const unit of batch) unit.release?.();
    yield batch;
  }
}

function settle(artifact: SyncArtifact, id: number): void {
  artifact.artifactId = id;
  artifact.received = null;
}
