/** What the switch is to do for each item, with the state in which the plan found the distribution. */
import { uuid7 } from '../../../lib/text/uuid7.ts';
import type { Values } from '../../../plugin-api/declare/field.ts';
import { ownLabels } from '../plan/differences.ts';
import type { LocalDistribution, PlanItem } from '../plan/plan-types.ts';

/** A distribution as the switch finds and leaves it; names are those of the columns. */
export interface DistributionValues extends Values {
  readonly name: string;
  readonly base_path: string;
  readonly pulp_labels: Values;
  readonly hidden: boolean;
  readonly content_guard_id: string | null;
  readonly details: Values;
  readonly repository_id: string | null;
  readonly repository_version_id: string | null;
  readonly publication_id: string | null;
  readonly pinned_publication_id: string | null;
}

export interface Target extends Values {
  readonly distribution?: string;
  readonly type?: string;
  /** Upstream's href and the watermark of what is to be served. */
  readonly href?: string;
  readonly watermark?: string;
  /** As the plan found it; null for one to be made. */
  readonly before?: DistributionValues | null;
  /** A new one gets the guard that the domain gives by default. */
  readonly defaultGuard?: boolean;
  readonly after?: Omit<DistributionValues, 'repository_version_id' | 'pinned_publication_id'>;
  readonly repository?: Values;
  readonly remote?: Values;
}

export function targetOf(
  item: PlanItem,
  distributions: ReadonlyMap<string, LocalDistribution>,
  upstreamId: string,
  stores: { readonly repositoryId: string; readonly remoteId: string } | undefined,
): Target {
  const found = item.object === 'distribution' ? distributions.get(item.id ?? '') : undefined;
  const before = found ? valuesOf(found) : null;
  const { wanted } = item;
  if (item.act === 'delete') return { ...(found && { distribution: found.id, type: found.type, before }), id: item.id };
  if (!wanted || !stores) return {};
  const labels = ownLabels(wanted.labels, upstreamId);
  return {
    distribution: item.id ?? uuid7(),
    type: wanted.type,
    href: wanted.href,
    watermark: wanted.watermark,
    before,
    defaultGuard: !found && wanted.guard === undefined,
    after: {
      name: wanted.name,
      base_path: wanted.basePath,
      pulp_labels: labels,
      hidden: wanted.hidden,
      content_guard_id: wanted.guard === undefined ? (found?.guard ?? null) : wanted.guard,
      details: { ...found?.details, ...wanted.details },
      repository_id: null,
      publication_id: null,
    },
    repository: {
      id: stores.repositoryId,
      name: item.repository!.name,
      pulp_labels: labels,
      description: wanted.repository.description,
      retain_repo_versions: wanted.repository.retain_repo_versions,
      retain_checkpoints: wanted.repository.retain_checkpoints,
    },
    remote: { id: stores.remoteId, name: item.remote!.name, pulp_labels: labels },
  };
}

function valuesOf(one: LocalDistribution): DistributionValues {
  return {
    name: one.name,
    base_path: one.basePath,
    pulp_labels: one.labels as Values,
    hidden: one.hidden,
    content_guard_id: one.guard,
    details: one.details,
    repository_id: one.repositoryId,
    repository_version_id: one.versionId,
    publication_id: one.publicationId,
    pinned_publication_id: one.pinnedId,
  };
}
