/** What a plan is made from and what it says: plain data, so that every rule is a test without any server. */
import type { Values } from '../../../plugin-api/declare/field.ts';

export type Labels = Readonly<Record<string, string | null>>;
export type ReplicationPolicy = 'all' | 'labeled' | 'nodelete';
export type OnFailure = 'abort' | 'exclude';

/** The label that names the owner of an object. */
export const OWNER_LABEL = 'UpstreamPulp';

/** A distribution of upstream as it shall be here. */
export interface Wanted {
  /** Identity at upstream: type and href. */
  readonly key: string;
  readonly href: string;
  /** pulp_type of the distribution. */
  readonly type: string;
  readonly name: string;
  readonly basePath: string;
  readonly labels: Labels;
  readonly hidden: boolean;
  /** Id of a guard here; undefined leaves it as it is. */
  readonly guard?: string | null | undefined;
  /** The type's own fields of the distribution, the repository and the remote. */
  readonly details: Values;
  readonly repositoryType: string;
  readonly repository: RepositoryFields;
  readonly remoteType: string;
  readonly remote: RemoteFields;
  readonly sync: Values;
  /** Changes whenever what is served changes. */
  readonly watermark: string;
  /** Changes whenever the distribution or what it serves changes. */
  readonly revision: string;
  /** Units by type that upstream serves, where it tells. */
  readonly counts: Readonly<Record<string, number>> | null;
  /** The version that upstream serves, by href or PRN. */
  readonly version?: string | null;
  /** Where upstream tells those numbers if it does not do so at once. */
  readonly versionHref: string | null;
  /** Why it cannot be replicated. */
  readonly unsupported?: string | undefined;
  /** The package type that is missing, here or there. */
  readonly missingPlugin?: string | undefined;
}

interface RepositoryFields {
  readonly description: string | null;
  readonly retain_repo_versions: number | null;
  readonly retain_checkpoints: number | null;
  readonly details: Values;
}

/** Fields of a remote that can be compared; secrets are brought up to date with the settings generation. */
interface RemoteFields {
  readonly url: string;
  /** Undefined leaves the policy as it is, `immediate` for a new one. */
  readonly policy?: string | undefined;
  readonly details: Values;
}

export interface LocalDistribution {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly basePath: string;
  readonly labels: Labels;
  readonly hidden: boolean;
  readonly guard: string | null;
  readonly details: Values;
  /** What it points at, at most one of the first three. */
  readonly repositoryId: string | null;
  readonly versionId: string | null;
  readonly publicationId: string | null;
  readonly pinnedId: string | null;
  /** Repository behind whatever it points at. */
  readonly behindId: string | null;
}

export interface LocalRepository {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly labels: Labels;
  readonly fields: RepositoryFields;
  readonly remoteId: string | null;
  /** Made by the server for its own ends. */
  readonly internal: boolean;
}

export interface LocalRemote {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly labels: Labels;
  readonly fields: RemoteFields & { readonly policy: string };
  /** Used by something that is no repository. */
  readonly usedElsewhere: boolean;
}

/** What a repository was synced to last. */
export interface Holding {
  readonly repositoryId: string;
  readonly upstreamId: string;
  readonly remoteId: string | null;
  readonly href: string;
  readonly watermark: string | null;
  readonly versionId: string | null;
  readonly publicationId: string | null;
  readonly generation: number;
}

export interface PlannedUpstream {
  readonly id: string;
  readonly name: string;
  readonly ownerKey: string | null;
}

/** What a run of another upstream is about to bring. */
export interface Claim {
  readonly upstreamId: string;
  readonly name: string;
  readonly basePath: string;
}

export interface LocalState {
  readonly distributions: readonly LocalDistribution[];
  readonly repositories: readonly LocalRepository[];
  readonly remotes: readonly LocalRemote[];
  readonly holdings: readonly Holding[];
  readonly claims: readonly Claim[];
  /** Other upstreams of the domain that exist. */
  readonly others: readonly PlannedUpstream[];
}

export interface PlanInput {
  readonly upstream: PlannedUpstream & {
    readonly policy: ReplicationPolicy;
    readonly onFailure: OnFailure;
    /** `12` or `25%`; null is a tenth, but at least five. */
    readonly maxDelete: string | null;
    readonly generation: number;
  };
  readonly wanted: readonly Wanted[];
  /** pulp_types of distributions of which everything upstream has is known. */
  readonly covered: readonly string[];
  /** pulp_types of the repositories and remotes of those. */
  readonly coveredRepositories: readonly string[];
  readonly coveredRemotes: readonly string[];
  /** Types that upstream cannot have, with the package type it lacks. */
  readonly uncovered: readonly { readonly type: string; readonly plugin: string }[];
  /** Upstream's distributions that serve nothing. */
  readonly idle: readonly { readonly type: string; readonly name: string; readonly href: string }[];
  readonly local: LocalState;
  /** Only a part was asked for: nothing is removed. */
  readonly selective: boolean;
  /** Wanted ones that failed, by key with the reason: they keep what they have here. */
  readonly failed?: ReadonlyMap<string, string>;
}

export type Act =
  | 'create'
  | 'update'
  | 'rename'
  | 'move'
  | 'takeover'
  | 'flip'
  | 'delete'
  | 'unchanged'
  | 'conflict'
  | 'skipped';

export type ConflictKind =
  | 'name_taken'
  | 'base_path_taken'
  | 'base_path_nested'
  | 'owned_by_other_upstream'
  | 'local_unlabeled'
  | 'type_mismatch'
  | 'plugin_missing'
  | 'unsupported'
  | 'duplicate_upstream'
  | 'remote_in_use'
  | 'too_many_deletes';

export interface Conflict {
  readonly kind: ConflictKind;
  readonly type: string;
  readonly name: string;
  /** What upstream wants. */
  readonly ours: string;
  /** What stands against it. */
  readonly theirs: string | null;
  /** Name of the upstream that owns that, `local` for objects made by hand, null where it is nobody's. */
  readonly owner: string | null;
  readonly remedy: string;
}

/** A repository or remote to use: one there is, or a new one. */
export interface Store {
  readonly id: string | null;
  /** Its name after the switch. */
  readonly name: string;
}

export interface PlanItem {
  readonly key: string;
  readonly object: 'distribution' | 'repository' | 'remote';
  readonly type: string;
  readonly name: string;
  readonly basePath: string | null;
  readonly act: Act;
  readonly old: Values;
  readonly new: Values;
  readonly wanted?: Wanted;
  /** Id of the object here, null for one to be made. */
  readonly id: string | null;
  readonly repository?: Store;
  readonly remote?: Store;
  /** The content is to be fetched. */
  readonly needsSync: boolean;
  /** Where it is not: what it shall point at. */
  readonly holding?: Holding | undefined;
  readonly conflict?: Conflict;
  /** Why it was left out. */
  readonly reason?: string;
}

export interface Plan {
  readonly items: readonly PlanItem[];
  readonly conflicts: readonly Conflict[];
  /** Numbers of items by act. */
  readonly summary: Readonly<Record<string, number>>;
}
