/** Finds for each wanted distribution the one here that it is: by name, then by base path, then by what it follows. */
import type { Owners } from './ownership.ts';
import type { LocalDistribution, PlanInput, Wanted } from './plan-types.ts';

export type Matches = ReadonlyMap<string, LocalDistribution>;

export function matchWanted(input: PlanInput, owners: Owners): Matches {
  const { distributions, holdings } = input.local;
  const byName = new Map(distributions.map((one) => [one.name, one]));
  const byPath = new Map(distributions.map((one) => [one.basePath, one]));
  const followed = new Map(
    holdings
      .filter((holding) => holding.upstreamId === input.upstream.id)
      .map((holding) => [holding.href, holding.repositoryId]),
  );
  const byRepository = new Map(distributions.filter((one) => one.behindId).map((one) => [one.behindId!, one]));
  const matches = new Map<string, LocalDistribution>();
  const taken = new Set<string>();
  const match = (find: (wanted: Wanted) => LocalDistribution | undefined) => {
    for (const wanted of input.wanted) {
      const found = matches.has(wanted.key) ? undefined : find(wanted);
      if (!found || taken.has(found.id) || found.type !== wanted.type || !owners.manages(found.labels)) continue;
      matches.set(wanted.key, found);
      taken.add(found.id);
    }
  };
  match((wanted) => byName.get(wanted.name));
  // A name that stays here is no rename of another.
  match((wanted) => (byName.has(wanted.name) ? undefined : byPath.get(wanted.basePath)));
  match((wanted) => (byName.has(wanted.name) ? undefined : byRepository.get(followed.get(wanted.href) ?? '')));
  return matches;
}
