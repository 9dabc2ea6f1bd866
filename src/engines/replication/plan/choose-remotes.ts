/** Chooses the remote of each wanted distribution, and finds those that must not be touched. */
import type { ChosenRepositories } from './choose-repositories.ts';
import type { Owners } from './ownership.ts';
import type { LocalRemote, PlanInput, Wanted } from './plan-types.ts';

interface ChosenRemotes {
  readonly byKey: ReadonlyMap<string, LocalRemote>;
  /** Remotes of the wanted name that others use, by key. */
  readonly inUse: ReadonlyMap<string, LocalRemote>;
}

export function chooseRemotes(
  input: PlanInput,
  owners: Owners,
  repositories: ChosenRepositories,
  removedRepositories: ReadonlySet<string>,
): ChosenRemotes {
  const byId = new Map(input.local.remotes.map((one) => [one.id, one]));
  const byName = new Map(input.local.remotes.map((one) => [one.name, one]));
  const held = new Map(input.local.holdings.map((one) => [one.repositoryId, one.remoteId]));
  const users = usersOf(input, removedRepositories);
  const byKey = new Map<string, LocalRemote>();
  const inUse = new Map<string, LocalRemote>();
  const taken = new Set<string>();
  const fits = (wanted: Wanted, found: LocalRemote | undefined): found is LocalRemote =>
    found !== undefined && found.type === wanted.remoteType && !taken.has(found.id);
  const choose = (find: (wanted: Wanted, repositoryId: string | undefined) => LocalRemote | undefined) => {
    for (const wanted of input.wanted) {
      const found = byKey.has(wanted.key) ? undefined : find(wanted, repositories.get(wanted.key)?.id);
      if (!fits(wanted, found)) continue;
      byKey.set(wanted.key, found);
      taken.add(found.id);
    }
  };
  choose((_, repositoryId) => {
    const found = repositoryId ? byId.get(held.get(repositoryId) ?? '') : undefined;
    return found && ['mine', 'friend'].includes(owners.of(found.labels)) ? found : undefined;
  });
  choose((wanted, repositoryId) => {
    const found = byName.get(wanted.name);
    if (!found || !owners.manages(found.labels)) return undefined;
    const others = [...(users.get(found.id) ?? [])].some((id) => id !== repositoryId);
    if (!found.usedElsewhere && !others) return found;
    inUse.set(wanted.key, found);
    return undefined;
  });
  return { byKey, inUse };
}

/** Repositories that stay, by the remote they use. */
function usersOf(input: PlanInput, removed: ReadonlySet<string>): Map<string, Set<string>> {
  const users = new Map<string, Set<string>>();
  for (const { id, remoteId } of input.local.repositories) {
    if (remoteId === null || removed.has(id)) continue;
    users.set(remoteId, (users.get(remoteId) ?? new Set()).add(id));
  }
  return users;
}
