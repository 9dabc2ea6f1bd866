/** Chooses the repository into which each wanted distribution is synced: one that nothing serves as it grows. */
import type { Matches } from './match.ts';
import type { Owners } from './ownership.ts';
import type { LocalRepository, PlanInput, Wanted } from './plan-types.ts';

/** By key of the wanted distribution; those that are missing get a new repository. */
export type ChosenRepositories = ReadonlyMap<string, LocalRepository>;

/**
 * First the one that followed this distribution of upstream, then the one behind what it becomes here, then one of its
 * name. A repository that a distribution serves as it grows is never taken: its new version would be visible at once.
 */
export function chooseRepositories(input: PlanInput, owners: Owners, matches: Matches): ChosenRepositories {
  const { repositories, distributions, holdings } = input.local;
  const byId = new Map(repositories.map((one) => [one.id, one]));
  const byName = new Map(repositories.map((one) => [one.name, one]));
  const live = new Set(distributions.map((one) => one.repositoryId));
  const followed = new Map(
    holdings.filter((one) => one.upstreamId === input.upstream.id).map((one) => [one.href, byId.get(one.repositoryId)]),
  );
  const chosen = new Map<string, LocalRepository>();
  const taken = new Set<string>();
  const choose = (find: (wanted: Wanted) => LocalRepository | undefined) => {
    for (const wanted of input.wanted) {
      const found = chosen.has(wanted.key) ? undefined : find(wanted);
      if (!found || found.type !== wanted.repositoryType || found.internal) continue;
      if (taken.has(found.id) || live.has(found.id)) continue;
      chosen.set(wanted.key, found);
      taken.add(found.id);
    }
  };
  const own = (found: LocalRepository | undefined) =>
    found && ['mine', 'friend'].includes(owners.of(found.labels)) ? found : undefined;
  choose(({ href }) => own(followed.get(href)));
  choose(({ key }) => own(byId.get(matches.get(key)?.behindId ?? '')));
  choose(({ name }) => {
    const found = byName.get(name);
    return found && owners.manages(found.labels) ? found : undefined;
  });
  return chosen;
}
