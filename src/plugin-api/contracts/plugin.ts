/** A package type: what a folder of plugins/ tells the core about itself. A missing part is a missing capability. */
import type { Queryable, Transaction } from '../../db/database.ts';
import type { RemoteSettings } from '../../download/downloader.ts';
import type { DigestName, Digests } from '../../lib/crypto/digest.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { Condition, LockedRole, Scoping } from '../declare/access.ts';
import type { ContentType, DeclaredContent, SavedContent } from '../declare/content.ts';
import type { ExportResource } from '../declare/export-resource.ts';
import type { Row, Values } from '../declare/field.ts';
import type { Action, Resource } from '../declare/resource.ts';
import type { Domain, Services } from './context.ts';
import type { GuardType } from './guard.ts';
import type { LiveApi } from './live.ts';
import type { Replicator } from './replicate.ts';
import type { SigningClass } from './signing.ts';
import type { TaskContext, TaskFunction } from './task.ts';

/** A repository version as hooks see it. */
export interface Version {
  readonly id: number;
  readonly pulpId: string;
  readonly number: number;
  readonly repositoryId: number;
}

/** Row of a remote with its secrets in clear. */
export interface Remote {
  readonly pulpId: string;
  readonly pulpType: string;
  readonly name: string;
  readonly policy: 'immediate' | 'on_demand' | 'streamed';
  readonly settings: RemoteSettings;
  readonly details: Values;
}

export interface Repository {
  readonly id: number;
  readonly pulpId: string;
  readonly pulpType: string;
  readonly name: string;
  readonly details: Values;
  readonly row: Row;
}

/** What a sync is given. */
export interface SyncContext extends TaskContext {
  readonly repository: Repository;
  readonly remote: Remote;
  /** The version the sync starts from. */
  readonly latest: Version;
  /** Fields of the sync request: mirror, optimize and the type's own. */
  readonly options: Values;
  /** Artifacts are declared `deferred`: the policy is not immediate. */
  readonly deferred: boolean;
  /** Fetches a small or medium upstream file into the store as a temporary artifact (discarded at the end unless kept). */
  fetch(
    url: string,
    expected?: { size?: number; digests?: Readonly<Record<string, string>> },
  ): Promise<TempArtifact & { url: string }>;
  /** Takes bytes into the store as a temporary artifact (discarded at the end unless kept), checked against what is expected of them. */
  receive(
    source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    expected?: { size?: number; digests?: Digests },
  ): Promise<TempArtifact>;
  /** Whether a unit of the latest version has no bytes here. */
  hasMissingArtifacts(): Promise<boolean>;
}

/** What a sync generator returns at its end. */
export interface SyncEnd {
  /** Nothing to do: the task completes without a version (progress `sync.was_skipped`). */
  readonly skipped?: boolean;
  /** Kept on the repository as `last_sync_details`; given the number of the version the sync ended with. */
  readonly details?: (version: number) => Values;
  /** A publication made in the same task, of the version the sync ended with. */
  readonly publish?: (publish: PublishContext) => Promise<void>;
}

export interface RepositorySync {
  /** Dotted name of the peer's task. */
  readonly taskName: string;
  /** pulp_types of remotes that can be synced from. */
  readonly remotes: readonly string[];
  /** Yields units one by one or many at a time; what it returns at once without a unit may be that nothing has changed. */
  run(context: SyncContext): AsyncGenerator<DeclaredContent | readonly DeclaredContent[], SyncEnd>;
  /** Whether units not upstream are removed; default: the option `mirror`. */
  mirrors?(options: Values): boolean;
}

export interface ScannedPackage {
  readonly contentId: number;
  readonly name: string;
  readonly version: string;
}

export interface RepositoryType {
  readonly pulpType: string;
  readonly contentTypes: readonly ContentType[];
  readonly sync?: RepositorySync;
  /** Type of the publications its distributions serve; absent: versions are served as they are. */
  readonly publicationType?: string;
  /** Checks or amends a new version inside its transaction, before units with the same key as an added one are removed. */
  check?(tx: Transaction, version: Version, repository: Repository, context: TaskContext): Promise<void>;
  /** The same after that and before it is complete. */
  finalize?(tx: Transaction, version: Version, repository: Repository, context: TaskContext): Promise<void>;
  /** Whether and how new versions are published by themselves: the values of the publication, or undefined. */
  autopublish?(repository: Repository): Values | undefined;
  /** How its packages are named to services that know of weaknesses. */
  readonly scan?: {
    /** `PyPI`, as services of the OSV protocol name it. */
    readonly ecosystem: string;
    packages(db: Queryable, version: Version): AsyncIterable<ScannedPackage>;
    /** Order of versions, for records that tell ranges; without it only those that list versions are understood. */
    readonly compare?: (left: string, right: string) => number;
  };
  /** Overlapping artifact paths in a version are an error (default true). */
  readonly checkPaths?: boolean;
}

/** What a publish function is given. */
export interface PublishContext extends TaskContext {
  readonly version: Version;
  readonly repository: Repository;
  /** Fields of the publication. */
  readonly values: Values;
  /** All content of the version is visible at its own paths beside what is published. */
  passThrough(): void;
  /** Sets a field of the publication that only publishing tells. */
  set(name: string, value: unknown): void;
  /**
   * Units of a type in the version with their artifacts, newest first, streamed in batches. `digests` names those of the bytes that
   * are wanted; all by default.
   */
  units(
    type: ContentType,
    options?: { readonly digests?: readonly DigestName[] },
  ): AsyncIterable<readonly PublishedUnit[]>;
  /** A metadata file made from text or bytes. */
  addFile(
    relativePath: string,
    source: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  ): Promise<TempArtifact>;
  /** A metadata file that was fetched already. */
  addTemp(relativePath: string, temp: TempArtifact): Promise<void>;
  /** The bytes of a unit's artifact under a path. */
  addArtifact(relativePath: string, contentArtifactId: number | null): void;
}

export interface PublishedUnit {
  readonly contentId: number;
  /** Null for a unit without bytes, whose path is empty. */
  readonly contentArtifactId: number | null;
  readonly relativePath: string;
  /** Values of the type's table. */
  readonly values: Row;
  readonly size: number | null;
  /** Hex digests known of the bytes, of the artifact or of the upstream file. */
  readonly digests: Readonly<Record<string, string>>;
}

export interface PublicationType {
  readonly pulpType: string;
  /** Dotted name of the peer's task. */
  readonly taskName: string;
  publish(context: PublishContext): Promise<void>;
}

/** A distribution as the content app knows it. */
export interface ServedDistribution {
  readonly pulpId: string;
  readonly pulpType: string;
  readonly domain: Domain;
  readonly basePath: string;
  readonly details: Values;
  readonly row: Row;
  /** Version that is served, if any. */
  readonly version: Version | null;
  readonly publicationId: string | null;
}

export type ServeAnswer =
  | {
      readonly kind: 'text';
      readonly body: string | Uint8Array;
      readonly contentType: string;
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: number }
  /** An artifact of any domain by its id on the wire. */
  | { readonly kind: 'artifact'; readonly id: string }
  | {
      readonly kind: 'contentArtifact';
      readonly id: number;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

/** What a user copies to make a client use a distribution. */
export interface ClientSetup {
  /** Name of the program: `pip`. */
  readonly client: string;
  /** The file the text belongs into; without one it is commands. */
  readonly file?: string;
  readonly text: string;
}

export interface DistributionType {
  readonly pulpType: string;
  /** Serves publications (default when the repository type has a publicationType). */
  readonly servesPublications: boolean;
  /** Answers a path itself; undefined leaves it to the core. */
  serve?(
    services: Services,
    distribution: ServedDistribution,
    path: string,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): Promise<ServeAnswer | undefined>;
  /** Set-up texts for the clients of a distribution; its URL has a slash at the end. */
  clientSetup?(distribution: { readonly name: string; readonly baseUrl: string }): readonly ClientSetup[];
  /** The path that a URL with this query asks for, where the query changes it. */
  pathWith?(path: string, query: URLSearchParams): string;
  /** Where upstream has a path, for types whose files are not at their own paths below the remote's URL; null: nowhere. */
  locate?(services: Services, remote: Remote, path: string): Promise<UpstreamFile | null>;
  /** Recognises a path fetched from the distribution's remote as a unit of content; its first artifact is what was fetched. */
  pullThrough?(
    path: string,
    digests: Readonly<Record<string, string>>,
    size: number,
    bytes: PulledBytes,
  ): Promise<DeclaredContent | undefined>;
}

/** A file of upstream, with what is known of it. */
export interface UpstreamFile {
  readonly url: string;
  readonly size?: number | null;
  readonly digests?: Digests;
}

/** What was fetched from upstream: a local file that is valid during the call, and a way to make others of it. */
export interface PulledBytes {
  readonly services: Services;
  readonly file: string;
  receive(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<TempArtifact>;
}

/** A version in the making, as tasks of plugins change it. Each answers how many units it has changed. */
export interface VersionDraft extends Version {
  add(contentIds: readonly number[]): Promise<number>;
  remove(contentIds: readonly number[]): Promise<number>;
}

/** What the engines offer to tasks of plugins. */
export interface ContentTools {
  /** The units found or made, with artifacts of `temp` saved, in one transaction; in the order given. */
  save(context: TaskContext, units: readonly DeclaredContent[]): Promise<SavedContent[]>;
  /** Artifacts of received bytes; their ids in the order given. */
  saveArtifacts(context: TaskContext, temps: readonly TempArtifact[]): Promise<number[]>;
  /** The bytes of an artifact of the domain as a local file, valid during the call. */
  withFile<T>(services: Services, domain: Domain, sha256: string, work: (path: string) => Promise<T>): Promise<T>;
  /** Makes a version of a repository the task holds exclusively; null when nothing has changed. */
  newVersion(
    context: TaskContext,
    repository: Repository,
    work: (draft: VersionDraft) => Promise<void>,
  ): Promise<Version | null>;
  /** A repository of the domain by its id on the wire, with its newest version. Throws ValidationError when it is gone. */
  repository(context: TaskContext, pulpId: string): Promise<{ repository: Repository; latest: Version }>;
  /** A remote of the domain by its id on the wire, its secrets in clear. */
  remote(services: Services, domain: Domain, pulpId: string): Promise<Remote | undefined>;
}

export interface Plugin {
  /** App label: `file`. */
  readonly name: string;
  /** To clients it is no component of its own. */
  readonly partOfCore?: boolean;
  /** Version of the peer's component that is mimicked. */
  readonly version: string;
  readonly package: string;
  readonly module: string;
  readonly contentTypes: readonly ContentType[];
  readonly resources: readonly Resource[];
  readonly repositories: readonly RepositoryType[];
  readonly publications: readonly PublicationType[];
  readonly distributions: readonly DistributionType[];
  /** How its distributions are brought here from another server; absent: they are not. */
  readonly replicate?: readonly Replicator[];
  /** What archives keep of its content and repositories, in the order of import; absent: they cannot be exported. */
  readonly exportResources?: readonly ExportResource[];
  /** Classes of signing services beside that of the core. */
  readonly signing?: readonly SigningClass[];
  /** How its content guards decide. */
  readonly guards?: readonly GuardType[];
  readonly tasks?: readonly TaskFunction[];
  /** Tasks that save content or make versions. */
  readonly contentTasks?: (tools: ContentTools) => readonly TaskFunction[];
  /** Actions on the versions of its repositories. */
  readonly versionActions?: readonly Action[];
  /** A protocol of its clients on the host of the API, outside the REST API. */
  readonly live?: LiveApi;
  /** Conditions of access policies beside those of the core, by name. */
  readonly conditions?: Readonly<Record<string, Condition>>;
  /** Functions of queryset_scoping beside scope_queryset, by name. */
  readonly scopings?: Readonly<Record<string, Scoping>>;
  /** Locked roles that span several resources, by full name. */
  readonly roles?: Readonly<Record<string, LockedRole>>;
  /** Directory with the plugin's migrations. */
  readonly migrations?: URL;
}

/** Declares a package type; the identity function that gives the literal its type. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
