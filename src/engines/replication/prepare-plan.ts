/** From an upstream to a plan: reads what is there and what is here, compares, and looks at what would be deleted once more. */
import type { Services } from '../../plugin-api/contracts/context.ts';
import { readLocalState } from './local-state.ts';
import { makePlan } from './plan/plan.ts';
import type { LocalState, Plan, PlanInput } from './plan/plan-types.ts';
import type { ReplicationParts } from './replication-parts.ts';
import { confirmGone } from './upstream/confirm-gone.ts';
import { guardFinder } from './upstream/find-guard.ts';
import { takeSnapshot } from './upstream/snapshot.ts';
import type { Upstream } from './upstream/upstream.ts';
import { UpstreamApi } from './upstream/upstream-api.ts';

interface PlanOptions {
  readonly q: string | null;
  /** The expression was given for this run only. */
  readonly selective: boolean;
  readonly failed?: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal | undefined;
}

export interface Prepared {
  readonly plan: Plan;
  readonly local: LocalState;
  /** Requests for lists that it took. */
  readonly listings: number;
}

/** Throws PLP0014 when upstream cannot be read or contradicts itself. */
export async function preparePlan(
  services: Services,
  parts: ReplicationParts,
  upstream: Upstream,
  options: PlanOptions,
): Promise<Prepared> {
  const downloader = services.downloader(upstream.settings);
  try {
    const api = new UpstreamApi(upstream, downloader, services.settings, options.signal);
    const snapshot = await takeSnapshot(api, {
      replicators: parts.replicators,
      installed: parts.installed,
      models: services.models,
      check: parts.check,
      q: options.q,
      ...(upstream.copyGuards && { guard: guardFinder(api, services, upstream.domainId) }),
    });
    const local = await readLocalState(services.db, upstream.domainId, upstream.id);
    const { covered, uncovered, wanted, idle } = snapshot;
    const input: PlanInput = {
      upstream,
      wanted,
      idle,
      covered: covered.map((one) => one.distribution.pulpType),
      coveredRepositories: covered.map((one) => one.repository.pulpType),
      coveredRemotes: covered.map((one) => one.remote.pulpType),
      uncovered: uncovered.map(({ distribution }) => ({ type: distribution.pulpType, plugin: distribution.app })),
      local,
      selective: options.selective,
      ...(options.failed && { failed: options.failed }),
    };
    const plan = makePlan(input);
    const blocked = upstream.onFailure === 'abort' && plan.conflicts.length > 0;
    if (!blocked) await confirmGone(api, services.models, parts.replicators, { plan, local, idle, q: options.q });
    return { plan, local, listings: api.listings };
  } finally {
    await downloader.close();
  }
}
