/** Removes artifacts that nothing uses: the rows first, then the files, unless the same bytes have come back meanwhile. */
import { forEachConcurrent } from '../../../lib/flow/map-concurrent.ts';
import { holdArtifactGate } from '../../../model/content/artifact.ts';
import { removingFiles, waitingForBackup } from '../../../model/content/file-removal.ts';
import { deleteArtifactRows, knownDigests, type UnusedArtifact } from '../../../model/content/orphans.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';

const REMOVALS_AT_ONCE = 8;

interface RemovedArtifacts {
  readonly count: number;
  readonly bytes: number;
}

/** Between the two steps files may stay without a row, never the reverse. */
export async function removeArtifacts(
  context: TaskContext,
  artifacts: readonly UnusedArtifact[],
): Promise<RemovedArtifacts> {
  if (artifacts.length === 0) return { count: 0, bytes: 0 };
  const gone = await removingFiles(
    (work) => context.write(work),
    (tx) => deleteArtifactRows(tx, artifacts),
    {
      signal: context.signal,
      onWait: () => context.logger.info({}, waitingForBackup),
    },
  );
  const { domain } = context;
  const store = context.storage(domain);
  await context.db.transaction(async (tx) => {
    await holdArtifactGate(tx, domain.id, true);
    const back = await knownDigests(
      tx,
      domain.id,
      gone.map((one) => one.sha256),
    );
    const files = gone.filter((one) => !back.has(one.sha256));
    await forEachConcurrent(files, REMOVALS_AT_ONCE, ({ sha256 }) => store.driver.remove(store.keyOf(sha256)));
  });
  return { count: gone.length, bytes: gone.reduce((total, one) => total + one.size, 0) };
}
