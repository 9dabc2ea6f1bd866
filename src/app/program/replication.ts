/** What replication knows of the installed package types. */

import { replicaCheck } from '../../api/types/check-replica.ts';
import type { ReplicationParts } from '../../engines/replication/replication-parts.ts';
import type { Plugin } from '../../plugin-api/contracts/plugin.ts';

export function replicationParts(plugins: readonly Plugin[]): ReplicationParts {
  const synced = plugins.flatMap((plugin) => plugin.repositories).filter((type) => type.sync !== undefined);
  const replicators = plugins.flatMap((plugin) => plugin.replicate ?? []);
  return {
    replicators,
    check: replicaCheck(replicators),
    installed: plugins.map((plugin) => plugin.name),
    syncTasks: new Map(synced.map((type) => [type.pulpType, type.sync!.taskName])),
  };
}
