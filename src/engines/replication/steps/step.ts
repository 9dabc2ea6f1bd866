/** What a step of a run is given, and what it answers: the state in which the run goes on, and what that needs to know. */

import type { Stores } from '../../../model/replication/kept-stores.ts';
import type { Run } from '../../../model/replication/run.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';
import type { PlanItem } from '../plan/plan-types.ts';
import type { Prepared } from '../prepare-plan.ts';
import type { ReplicationParts } from '../replication-parts.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** Where a run is. */
export interface Here {
  readonly context: TaskContext;
  readonly parts: ReplicationParts;
  readonly upstream: Upstream;
  readonly run: Run;
  /** How many times upstream was read for the run, this time counted. */
  readonly round: number;
}

/** The states between the steps, with what each hands on. */
interface Handed {
  /** In the queue for a round, after what is queued for this upstream and for others by their ids. */
  queued: { readonly round: number; readonly after?: readonly string[] };
  planning: unknown;
  staging: { readonly prepared: Prepared };
  /** Items whose content is not here. */
  fetching: { readonly stale: readonly PlanItem[] };
  /** Everything is here. */
  verifying: { readonly prepared: Prepared };
  switching: unknown;
  cleaning: { readonly removed: Stores };
  /** For whoever activates by hand. */
  ready: { readonly prepared: Prepared };
  /** There was nothing to switch to. */
  over: unknown;
  blocked: { readonly prepared: Prepared };
  failed: { readonly error: Error; readonly details?: object };
}

export type StateName = keyof Handed;
export type Given<S extends StateName> = { readonly state: S } & Handed[S];
export type Next = { [S in StateName]: Given<S> }[StateName];

/** Does the work of a state; undefined ends the run, or leaves it to whoever carries it on. */
export type Step<S extends StateName> = (here: Here, given: Given<S>) => Promise<Next | undefined>;
