/** Finds everything that stands against a wanted distribution, before anything is fetched or written. */
import { PathIndex } from './base-paths.ts';
import type { Matches } from './match.ts';
import type { Owners } from './ownership.ts';
import type {
  Conflict,
  ConflictKind,
  LocalDistribution,
  LocalRemote,
  LocalRepository,
  PlanInput,
  Wanted,
} from './plan-types.ts';

interface Surroundings {
  readonly input: PlanInput;
  readonly owners: Owners;
  readonly matches: Matches;
  /** Those that did not fail. */
  readonly active: readonly Wanted[];
  /** Distributions that stay as they are. */
  readonly kept: readonly LocalDistribution[];
  readonly takenRepositories: ReadonlyMap<string, LocalRepository>;
  readonly takenRemotes: ReadonlyMap<string, LocalRemote>;
  readonly remotesInUse: ReadonlyMap<string, LocalRemote>;
}

const EXCLUDE = 'leave it out with q_select';

/** By key of the wanted distribution. */
export function findConflicts(around: Surroundings): Map<string, Conflict[]> {
  const keptByName = new Map(around.kept.map((one) => [one.name, one]));
  const keptPaths = new PathIndex(around.kept.map((item) => ({ basePath: item.basePath, item })));
  const wantedPaths = new PathIndex(around.active.map((item) => ({ basePath: item.basePath, item })));
  const firstByName = new Map<string, Wanted>();
  const conflicts = new Map<string, Conflict[]>();
  for (const wanted of around.active) {
    const named = ofName(wanted, keptByName.get(wanted.name), around);
    const found = [
      ...ofItself(wanted),
      ...ofDuplicates(wanted, firstByName, wantedPaths),
      ...named,
      ...ofPaths(wanted, keptPaths, around),
      ...ofClaims(wanted, around),
      // The stores of a distribution are told of with it.
      ...(named.length > 0 ? [] : ofStores(wanted, around)),
    ];
    if (!firstByName.has(wanted.name)) firstByName.set(wanted.name, wanted);
    if (found.length > 0) conflicts.set(wanted.key, found);
  }
  return conflicts;
}

function conflict(
  wanted: Wanted,
  kind: ConflictKind,
  theirs: string | null,
  owner: string | null,
  remedy: string,
): Conflict {
  const ours = `${wanted.type} distribution '${wanted.name}' at '${wanted.basePath}'`;
  return { kind, type: wanted.type, name: wanted.name, ours, theirs, owner, remedy };
}

function ofItself(wanted: Wanted): Conflict[] {
  if (wanted.missingPlugin !== undefined) {
    const remedy = `install the package type ${wanted.missingPlugin}, or ${EXCLUDE}`;
    return [conflict(wanted, 'plugin_missing', wanted.missingPlugin, null, remedy)];
  }
  if (wanted.unsupported === undefined) return [];
  return [conflict(wanted, 'unsupported', wanted.unsupported, null, `change it upstream, or ${EXCLUDE}`)];
}

function ofDuplicates(wanted: Wanted, firstByName: ReadonlyMap<string, Wanted>, paths: PathIndex<Wanted>): Conflict[] {
  const others = new Set(paths.overlapping(wanted.basePath, wanted).map(({ item }) => item));
  const sameName = firstByName.get(wanted.name);
  if (sameName) others.add(sameName);
  return [...others].map((other) =>
    conflict(
      wanted,
      'duplicate_upstream',
      `${other.type} distribution '${other.name}' at '${other.basePath}' of the same upstream`,
      null,
      `give them different names and base paths upstream, or ${EXCLUDE}`,
    ),
  );
}

function ofName(wanted: Wanted, found: LocalDistribution | undefined, around: Surroundings): Conflict[] {
  if (!found) return [];
  const { owners } = around;
  const owner = owners.nameOf(found.labels);
  const theirs = describe(found);
  const ownership = owners.of(found.labels);
  if (ownership === 'foreign') return [ownedByOther(wanted, theirs, owner)];
  if (!owners.manages(found.labels)) return [unlabeled(wanted, theirs)];
  if (found.type !== wanted.type) {
    return [conflict(wanted, 'type_mismatch', theirs, owner, `delete or rename the one here, or ${EXCLUDE}`)];
  }
  return [conflict(wanted, 'name_taken', theirs, owner, `rename one of them, or ${EXCLUDE}`)];
}

function ofPaths(wanted: Wanted, paths: PathIndex<LocalDistribution>, { owners }: Surroundings): Conflict[] {
  // One of the same name is told of already.
  const others = paths.overlapping(wanted.basePath).filter(({ item }) => item.name !== wanted.name);
  return others.map(({ kind, item }) => {
    const owner = owners.nameOf(item.labels);
    const what = kind === 'equal' ? 'base_path_taken' : 'base_path_nested';
    const remedy = `move or delete ${owner === 'local' ? 'the one here' : `what '${owner}' brings`}, or ${EXCLUDE}`;
    return conflict(wanted, what, describe(item), owner, remedy);
  });
}

/** What runs of others are about to bring is theirs already. */
function ofClaims(wanted: Wanted, { input, owners }: Surroundings): Conflict[] {
  const overlaps = (path: string) =>
    path === wanted.basePath || path.startsWith(`${wanted.basePath}/`) || wanted.basePath.startsWith(`${path}/`);
  return input.local.claims
    .filter((claim) => owners.ofUpstream(claim.upstreamId) === 'foreign')
    .filter((claim) => claim.name === wanted.name || overlaps(claim.basePath))
    .map((claim) =>
      ownedByOther(
        wanted,
        `'${claim.name}' at '${claim.basePath}' in a run under way`,
        owners.nameOfUpstream(claim.upstreamId),
      ),
    );
}

function ofStores(wanted: Wanted, around: Surroundings): Conflict[] {
  const conflicts: Conflict[] = [];
  const repository = around.takenRepositories.get(wanted.key);
  if (repository) conflicts.push(...ofStore(wanted, 'repository', repository, around.owners));
  const inUse = around.remotesInUse.get(wanted.key);
  const remote = around.takenRemotes.get(wanted.key);
  if (inUse) {
    const owner = around.owners.nameOf(inUse.labels);
    const remedy = `rename that remote, or ${EXCLUDE}`;
    conflicts.push(
      conflict(wanted, 'remote_in_use', `remote '${inUse.name}', which something else uses`, owner, remedy),
    );
  } else if (remote) conflicts.push(...ofStore(wanted, 'remote', remote, around.owners));
  return conflicts;
}

/** One that may be managed keeps its name, and ours gets another; one of somebody else is a conflict. */
function ofStore(
  wanted: Wanted,
  what: 'repository' | 'remote',
  found: { readonly type: string; readonly name: string; readonly labels: LocalRepository['labels'] },
  owners: Owners,
): Conflict[] {
  const theirs = `${found.type} ${what} '${found.name}'`;
  if (owners.of(found.labels) === 'foreign') return [ownedByOther(wanted, theirs, owners.nameOf(found.labels))];
  return owners.manages(found.labels) ? [] : [unlabeled(wanted, theirs)];
}

function ownedByOther(wanted: Wanted, theirs: string, owner: string): Conflict {
  const remedy = `leave it out of one of both with q_select, or give both the same owner_key if they shall share it`;
  return conflict(wanted, 'owned_by_other_upstream', theirs, owner, remedy);
}

function unlabeled(wanted: Wanted, theirs: string): Conflict {
  const remedy = `rename or delete the one here, label it as this upstream's, or ${EXCLUDE}`;
  return conflict(wanted, 'local_unlabeled', theirs, 'local', remedy);
}

function describe(found: LocalDistribution): string {
  return `${found.type} distribution '${found.name}' at '${found.basePath}'`;
}
