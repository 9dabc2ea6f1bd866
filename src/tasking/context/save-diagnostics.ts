/** Keeps what was recorded of a task as artifacts of its domain. */

import { saveArtifacts } from '../../model/content/artifact.ts';
import { putProfile } from '../../model/tasks/task.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';

/** The task is what counts: when its diagnostics cannot be kept, that is only logged. */
export async function saveDiagnostics(
  services: Services,
  domain: Domain,
  taskId: number,
  recorded: ReadonlyMap<string, string>,
): Promise<void> {
  if (recorded.size === 0) return;
  const { db, logger, settings } = services;
  const { allowedContentChecksums: allowed } = settings;
  const store = services.storage(domain);
  try {
    for (const [name, text] of recorded) {
      const temp = await store.receive([Buffer.from(text)], { digests: allowed });
      const [artifact] = await saveArtifacts(db, store, domain.id, [temp], allowed);
      await putProfile(db, taskId, name, artifact!.id);
    }
  } catch (error) {
    logger.warn({ err: error }, `The diagnostics of task ${taskId} could not be kept.`);
  }
}
