/** After a sync on behalf of a replication: sees that there is a publication where the type needs one, and notes what was made. */
import { heldPublication, recordSynced } from '../../model/replication/holding.ts';
import { addGroupProgress } from '../../model/tasks/task-group.ts';
import type { SyncContext } from '../../plugin-api/contracts/sync.ts';
import type { Version } from '../../plugin-api/contracts/version.ts';
import type { VersionEngine } from '../repository/versions/version-context.ts';

const SYNC_PROGRESS = 'replicate.sync';

interface Recorded {
  /** id of the item of the run. */
  readonly item: number;
  /** Served by a publication. */
  readonly publish: boolean;
  readonly version: Version;
  /** The publication made in this sync, if any. */
  readonly publication: string | undefined;
}

export async function recordSync(context: SyncContext, engine: VersionEngine, recorded: Recorded): Promise<void> {
  const { repository, task, db } = context;
  const { version, item } = recorded;
  const { publicationType } = engine.types.repositoryType(repository.pulpType);
  const publicationId =
    publicationType === undefined || !recorded.publish
      ? null
      : (recorded.publication ??
        (await heldPublication(db, repository.pulpId, version.pulpId)) ??
        (await engine.publish(context, { version, repository, type: publicationType, values: {} })));
  await context.write((tx) =>
    recordSynced(tx, { item, repositoryId: repository.pulpId, versionId: version.pulpId, publicationId }),
  );
  if (task.taskGroup) await addGroupProgress(db, task.taskGroup, SYNC_PROGRESS);
}
