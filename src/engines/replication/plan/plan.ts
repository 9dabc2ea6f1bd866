/** Makes the plan of a run: a pure function of what upstream has, what is here, and the policy. */
import { chooseRemotes } from './choose-remotes.ts';
import { chooseRepositories } from './choose-repositories.ts';
import { compare, ownLabels, storeChanges } from './differences.ts';
import { findConflicts } from './find-conflicts.ts';
import { matchWanted } from './match.ts';
import { Owners } from './ownership.ts';
import type {
  Conflict,
  Holding,
  LocalDistribution,
  LocalRemote,
  LocalRepository,
  Plan,
  PlanInput,
  PlanItem,
  Store,
  Wanted,
} from './plan-types.ts';
import { deleteLimit, removedDistributions, removedRemotes, removedRepositories } from './removals.ts';
import { nameStores } from './store-names.ts';

/** With `on_failure: exclude` what has a conflict is left out, and the plan made anew, since what it keeps may stand in another's way. */
export function makePlan(input: PlanInput): Plan {
  if (input.upstream.onFailure === 'abort') return planOnce(input, new Map());
  const excluded = new Map<string, Conflict[]>();
  for (;;) {
    const plan = planOnce(input, excluded);
    const more = plan.items.filter((item) => item.conflict && !excluded.has(item.key));
    if (more.length === 0) return plan;
    for (const item of more) {
      excluded.set(
        item.key,
        plan.conflicts.filter((one) => one.name === item.name && one.type === item.type),
      );
    }
  }
}

function planOnce(given: PlanInput, excluded: ReadonlyMap<string, Conflict[]>): Plan {
  const failed = new Map([...(given.failed ?? []), ...[...excluded].map(([key]) => [key, 'conflict'] as const)]);
  const input: PlanInput = { ...given, failed };
  const layout = layOut(input);
  const conflicts = findConflicts({ ...layout, input, remotesInUse: layout.remotes.inUse });
  const deletes = deletionsOf(layout);
  const tooMany = tooManyDeletes(input, layout, deletes);
  if (tooMany && input.upstream.onFailure === 'exclude') return withoutDeletes(given, excluded, deletes, tooMany);
  const items = [
    ...input.wanted.map((wanted) =>
      itemOf(wanted, input, layout, excluded.get(wanted.key) ?? conflicts.get(wanted.key)),
    ),
    ...input.idle.map(idleItem),
    ...deletes,
  ];
  const all = [
    ...[...excluded.values()].flat(),
    ...[...conflicts.values()].flat(),
    ...missingUpstream(input, layout.owners),
    ...(tooMany ? [tooMany] : []),
  ];
  return { items, conflicts: all, summary: countActs(items) };
}

/** What would have gone stays, and may stand in the way of others. */
function withoutDeletes(
  input: PlanInput,
  excluded: ReadonlyMap<string, Conflict[]>,
  deletes: readonly PlanItem[],
  conflict: Conflict,
): Plan {
  const plan = planOnce({ ...input, selective: true }, excluded);
  const reason = `${conflict.ours}; ${conflict.theirs}`;
  const items = [...plan.items, ...deletes.map((item): PlanItem => ({ ...item, act: 'skipped', old: {}, reason }))];
  return { items, conflicts: [...plan.conflicts, conflict], summary: countActs(items) };
}

interface Layout {
  readonly owners: Owners;
  readonly matches: ReturnType<typeof matchWanted>;
  readonly active: readonly Wanted[];
  readonly kept: readonly LocalDistribution[];
  readonly removed: readonly LocalDistribution[];
  readonly repositories: ReturnType<typeof chooseRepositories>;
  readonly goneRepositories: readonly LocalRepository[];
  readonly remotes: ReturnType<typeof chooseRemotes>;
  readonly goneRemotes: readonly LocalRemote[];
  readonly holdings: ReadonlyMap<string, Holding>;
  readonly repositoryStores: ReadonlyMap<string, Store>;
  readonly takenRepositories: ReadonlyMap<string, LocalRepository>;
  readonly remoteStores: ReadonlyMap<string, Store>;
  readonly takenRemotes: ReadonlyMap<string, LocalRemote>;
}

/** Which objects are used, which stay and which go. */
function layOut(input: PlanInput): Layout {
  const owners = new Owners(input);
  const active = input.wanted.filter(({ key }) => !input.failed?.has(key));
  const matches = matchWanted(input, owners);
  const removed = removedDistributions(input, owners, matches);
  const gone = new Set(removed.map(({ id }) => id));
  const switched = new Set(active.map(({ key }) => matches.get(key)?.id));
  const kept = input.local.distributions.filter(({ id }) => !gone.has(id) && !switched.has(id));
  const repositories = chooseRepositories(input, owners, matches);
  const goneRepositories = removedRepositories(input, owners, repositories, matches, gone);
  const goneIds = new Set(goneRepositories.map(({ id }) => id));
  const remotes = chooseRemotes(input, owners, repositories, goneIds);
  const usedRemotes = new Set([...remotes.byKey.values()].map(({ id }) => id));
  const goneRemotes = removedRemotes(input, owners, usedRemotes, goneIds);
  const { name } = input.upstream;
  const named = nameStores(active, input.local.repositories, repositories, goneIds, name);
  const goneRemoteIds = new Set(goneRemotes.map(({ id }) => id));
  const namedRemotes = nameStores(active, input.local.remotes, remotes.byKey, goneRemoteIds, name);
  return {
    owners,
    matches,
    active,
    kept,
    removed,
    repositories,
    goneRepositories,
    remotes,
    goneRemotes,
    holdings: new Map(input.local.holdings.map((one) => [one.repositoryId, one])),
    repositoryStores: named.stores,
    takenRepositories: named.taken,
    remoteStores: namedRemotes.stores,
    takenRemotes: namedRemotes.taken,
  };
}

function itemOf(
  wanted: Wanted,
  input: PlanInput,
  layout: Layout,
  conflicts: readonly Conflict[] | undefined,
): PlanItem {
  const distribution = layout.matches.get(wanted.key);
  const base = {
    key: wanted.key,
    object: 'distribution' as const,
    type: wanted.type,
    name: wanted.name,
    basePath: wanted.basePath,
    id: distribution?.id ?? null,
    wanted,
  };
  const nothing = { old: {}, new: {}, needsSync: false };
  if (conflicts?.[0]) return { ...base, ...nothing, act: 'conflict', conflict: conflicts[0] };
  const reason = input.failed?.get(wanted.key);
  if (reason !== undefined) return { ...base, ...nothing, act: 'skipped', reason };
  const found = layout.repositories.get(wanted.key);
  const remote = layout.remotes.byKey.get(wanted.key);
  const holding = found && layout.holdings.get(found.id);
  const needsSync = isStale(wanted, input.upstream.id, holding, remote);
  const stores = {
    repository: layout.repositoryStores.get(wanted.key)!,
    remote: layout.remoteStores.get(wanted.key)!,
  };
  const changes = storeChanges(
    wanted,
    input.upstream.id,
    { found, name: stores.repository.name },
    { found: remote, name: stores.remote.name },
  );
  const outdated = remote !== undefined && holding?.generation !== input.upstream.generation;
  const settings = outdated
    ? { ...changes, new: { ...changes.new, 'remote.settings': input.upstream.generation } }
    : changes;
  const change = distribution
    ? compare({
        wanted,
        distribution,
        ownership: layout.owners.of(distribution.labels),
        upstreamId: input.upstream.id,
        holding,
        needsSync,
        stores: settings,
      })
    : { act: 'create' as const, old: {}, new: creation(wanted, input.upstream.id) };
  return { ...base, ...stores, ...change, needsSync, ...(!needsSync && { holding }) };
}

/** Whether the content has to be fetched: this server does not hold what upstream serves, or not its bytes. */
function isStale(
  wanted: Wanted,
  upstreamId: string,
  holding: Holding | undefined,
  remote: LocalRemote | undefined,
): boolean {
  if (!holding?.versionId || holding.upstreamId !== upstreamId || holding.href !== wanted.href) return true;
  if (holding.watermark !== wanted.watermark) return true;
  const before = remote?.fields.policy;
  return wanted.remote.policy === 'immediate' && before !== undefined && before !== 'immediate';
}

function creation(wanted: Wanted, upstreamId: string): PlanItem['new'] {
  return {
    name: wanted.name,
    base_path: wanted.basePath,
    pulp_labels: ownLabels(wanted.labels, upstreamId),
    hidden: wanted.hidden,
    watermark: wanted.watermark,
  };
}

function deletionsOf({ removed, goneRepositories, goneRemotes }: Layout): PlanItem[] {
  const item = (
    object: PlanItem['object'],
    one: LocalDistribution | LocalRepository | LocalRemote,
    basePath: string | null,
  ): PlanItem => ({
    key: `${object}:${one.id}`,
    object,
    type: one.type,
    name: one.name,
    basePath,
    act: 'delete',
    old: { name: one.name, ...(basePath !== null && { base_path: basePath }), pulp_labels: one.labels },
    new: {},
    id: one.id,
    needsSync: false,
  });
  return [
    ...removed.map((one) => item('distribution', one, one.basePath)),
    ...goneRepositories.map((one) => item('repository', one, null)),
    ...goneRemotes.map((one) => item('remote', one, null)),
  ];
}

/** Distributions count, and repositories that no distribution of the run leaves behind. */
function tooManyDeletes(input: PlanInput, layout: Layout, deletes: readonly PlanItem[]): Conflict | undefined {
  const { owners } = layout;
  const managed = input.local.distributions.filter(
    (one) => input.covered.includes(one.type) && owners.manages(one.labels),
  ).length;
  const limit = deleteLimit(input.upstream.maxDelete, managed);
  const going = deletes.filter(({ object }) => object === 'distribution');
  if (going.length <= limit) return undefined;
  const first = going.slice(0, 5).map(({ name }) => `'${name}'`);
  const more = going.length > first.length ? ` and ${going.length - first.length} more` : '';
  return {
    kind: 'too_many_deletes',
    type: '*',
    name: '*',
    ours: `${going.length} distributions would be deleted: ${first.join(', ')}${more}`,
    theirs: `max_delete allows ${limit} of ${managed}`,
    owner: null,
    remedy: 'see that upstream is complete; if it is, raise max_delete for this run',
  };
}

function idleItem({ type, name, href }: PlanInput['idle'][number]): PlanItem {
  const reason = 'it serves nothing upstream';
  const rest = { basePath: null, old: {}, new: {}, id: null, needsSync: false };
  return { key: `${type}:${href}`, object: 'distribution', type, name, act: 'skipped', reason, ...rest };
}

/** What came from upstream stays when upstream has lost the package type for it, and is told of. */
function missingUpstream(input: PlanInput, owners: Owners): Conflict[] {
  return input.uncovered.flatMap(({ type, plugin }) => {
    const own = input.local.distributions.filter((one) => one.type === type && owners.of(one.labels) === 'mine');
    if (own.length === 0) return [];
    return [
      {
        kind: 'plugin_missing',
        type,
        name: '*',
        ours: `${own.length} ${type} distributions that came from this upstream`,
        theirs: `upstream has no package type ${plugin} any more`,
        owner: input.upstream.name,
        remedy: `install ${plugin} there, or delete these distributions here`,
      },
    ];
  });
}

function countActs(items: readonly PlanItem[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { act } of items) counts[act] = (counts[act] ?? 0) + 1;
  return counts;
}
