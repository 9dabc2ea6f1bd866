/** What becomes of a run whose items have failed, where none may be left out. */
import { itemsFailed } from '../run/report.ts';
import type { KnownFailure } from '../stage/settle-syncs.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Given } from './step.ts';

export function giveUp(upstream: Upstream, failures: readonly KnownFailure[]): Given<'failed'> {
  return { state: 'failed', error: itemsFailed(upstream.name, failures), details: { failures } };
}
