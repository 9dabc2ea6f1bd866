/** What goes because upstream does not have it: distributions first, then repositories and remotes that nothing needs. */
import type { ChosenRepositories } from './choose-repositories.ts';
import type { Matches } from './match.ts';
import type { Owners } from './ownership.ts';
import type { LocalDistribution, LocalRemote, LocalRepository, PlanInput } from './plan-types.ts';

/** Distributions that are removed, by id. */
export function removedDistributions(input: PlanInput, owners: Owners, matches: Matches): LocalDistribution[] {
  const kept = new Set([...matches.values()].map((one) => one.id));
  return input.local.distributions.filter(
    (one) => input.covered.includes(one.type) && !kept.has(one.id) && owners.removes(one.labels),
  );
}

/** Repositories that neither a wanted distribution nor one that stays needs. */
export function removedRepositories(
  input: PlanInput,
  owners: Owners,
  chosen: ChosenRepositories,
  matches: Matches,
  removed: ReadonlySet<string>,
): LocalRepository[] {
  const needed = new Set<string | null>([...chosen.values()].map((one) => one.id));
  const switched = new Set(
    input.wanted.filter((one) => !input.failed?.has(one.key)).map((one) => matches.get(one.key)?.id),
  );
  for (const one of input.local.distributions) {
    if (!removed.has(one.id) && !switched.has(one.id)) needed.add(one.behindId).add(one.repositoryId);
  }
  return input.local.repositories.filter(
    (one) =>
      input.coveredRepositories.includes(one.type) &&
      !one.internal &&
      !needed.has(one.id) &&
      owners.removes(one.labels),
  );
}

export function removedRemotes(
  input: PlanInput,
  owners: Owners,
  needed: ReadonlySet<string>,
  removedRepositoryIds: ReadonlySet<string>,
): LocalRemote[] {
  const used = new Set(
    input.local.repositories.filter((one) => !removedRepositoryIds.has(one.id)).map((one) => one.remoteId),
  );
  return input.local.remotes.filter(
    (one) =>
      input.coveredRemotes.includes(one.type) &&
      !one.usedElsewhere &&
      !used.has(one.id) &&
      !needed.has(one.id) &&
      owners.removes(one.labels),
  );
}

/** The most distributions and repositories a run may remove. */
export function deleteLimit(maxDelete: string | null, managed: number): number {
  if (maxDelete === null) return Math.max(5, Math.ceil(managed / 10));
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(maxDelete);
  return percent ? Math.floor((managed * Number(percent[1])) / 100) : Number(maxDelete);
}
