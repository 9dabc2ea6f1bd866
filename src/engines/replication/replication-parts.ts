/** What replication knows of the installed package types. */
import type { Replicator } from '../../plugin-api/contracts/replicate.ts';

export interface ReplicationParts {
  readonly replicators: readonly Replicator[];
  /** Names of all package types. */
  readonly installed: readonly string[];
  /** Name of the sync task by pulp_type of the repository. */
  readonly syncTasks: ReadonlyMap<string, string>;
}
