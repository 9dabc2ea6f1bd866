/** What replication knows of the installed package types. */
import type { Plugin } from '../plugin-api/plugin.ts';
import type { ReplicationParts } from '../replication/prepare-plan.ts';

export function replicationParts(plugins: readonly Plugin[]): ReplicationParts {
  const synced = plugins.flatMap((plugin) => plugin.repositories).filter((type) => type.sync !== undefined);
  return {
    replicators: plugins.flatMap((plugin) => plugin.replicate ?? []),
    installed: plugins.map((plugin) => plugin.name),
    syncTasks: new Map(synced.map((type) => [type.pulpType, type.sync!.taskName])),
  };
}
