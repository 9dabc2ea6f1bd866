/** Makes artifacts of received bytes, as many at a time as have arrived while the ones before were made durable. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BoundedChannel } from '../../../lib/flow/bounded.ts';
import type { SavedArtifact } from '../../../model/content/artifact.ts';
import type { TempArtifact } from '../../../storage/artifact-store.ts';
import type { SyncArtifact, SyncUnit } from '../units.ts';

const SAVE_AT_ONCE = 2000;

export async function* saveArtifactsStage(
  save: (received: readonly TempArtifact[]) => Promise<SavedArtifact[]>,
  units: BoundedChannel<SyncUnit>,
): AsyncGenerator<SyncUnit[]> {
  let wait = FIRST;
  for await (const batch of units.batches(SAVE_AT_ONCE)) {
    if (batch.some((unit) => unit.release)) batch.push(...(await gather(units, wait, SAVE_AT_ONCE - batch.length)));
    const started = performance.now();
    const received = batch.flatMap(({ artifacts }) => artifacts.filter((one) => one.received !== null));
    const saved = await save(received.map((artifact) => artifact.received!));
    for (const [at, artifact] of received.entries()) settle(artifact, saved[at]!.id);
    for (const unit of batch) unit.release?.();
    if (received.length > 0) wait = (performance.now() - started) * 3;
    yield batch;
  }
}

/** In which a small sync receives all it has: it is saved at once then, at half the cost. */
const FIRST = 50;
const LONGEST = 500;
const STEP = 5;

/**
 * Making files durable costs nearly the same for few and for many: downloads go on a while before the next batch, for a time that
 * follows from how long the last one took. Nothing waits once all has come.
 */
async function gather(units: BoundedChannel<SyncUnit>, wait: number, most: number): Promise<SyncUnit[]> {
  const until = performance.now() + Math.min(wait, LONGEST);
  while (performance.now() < until && units.size < most && !units.ended) await sleep(STEP);
  return units.size > 0 && most > 0 ? await units.takeBatch(most) : [];
}

function settle(artifact: SyncArtifact, id: number): void {
  artifact.artifactId = id;
  artifact.received = null;
}
