/** What replication knows of the installed package types. */
import type { Replicator } from '../../plugin-api/contracts/replicate.ts';
import type { Values } from '../../plugin-api/declare/field.ts';

/** Values by the names of the wire, as upstream tells them or as they were made of that. */
interface ReplicaValues {
  readonly distribution: Values;
  readonly repository: Values;
  readonly remote: Values;
}

/** What is wrong with them here, for people: everything that a request could not set. */
export type ReplicaCheck = (replicator: Replicator, values: ReplicaValues) => readonly string[];

export interface ReplicationParts {
  readonly replicators: readonly Replicator[];
  /** Names of all package types. */
  readonly installed: readonly string[];
  readonly check: ReplicaCheck;
  /** Name of the sync task by pulp_type of the repository. */
  readonly syncTasks: ReadonlyMap<string, string>;
}
