/** Syncs: what a type is given to bring a repository up to date with a remote, and what it answers. */
import type { Values } from '../declare/field.ts';
import type { ContentTools } from './content-tools.ts';
import type { DeclaredContent } from './declared-content.ts';
import type { PublishContext } from './publish.ts';
import type { FetchedFile, Remote, UpstreamHead, Validators, Wanted } from './remote.ts';
import type { TaskContext } from './task.ts';
import type { Repository, Version } from './version.ts';

/** How a sync reads what its remote has. */
interface SyncUpstream {
  /**
   * Fetches a small or medium upstream file into the store as a temporary artifact (discarded at the end unless kept). Several URLs are
   * places of one file, such as mirrors: the next is tried where one fails, and those that have failed come last from then on. Throws
   * DownloadError, and PulpError for other bytes than wanted: that of the last one.
   */
  fetch(url: string | readonly string[], wanted?: Wanted): Promise<FetchedFile>;
  /** Fetches a file unless upstream says that it is as it was: undefined then. */
  fetchChanged(url: string, known: Validators, wanted?: Wanted): Promise<FetchedFile | undefined>;
  /** What upstream says of a file, whatever the status: a HEAD request. */
  head(url: string, headers?: Readonly<Record<string, string>>): Promise<UpstreamHead>;
}

/** What a sync is given. */
export interface SyncContext extends TaskContext, SyncUpstream {
  readonly repository: Repository;
  readonly remote: Remote;
  /** The version the sync starts from. */
  readonly latest: Version;
  /** Fields of the sync request: mirror, optimize and the type's own. */
  readonly options: Values;
  /** Artifacts are declared `deferred`: the policy is not immediate. */
  readonly deferred: boolean;
  /** Receives bytes, for `temp` of declared artifacts, until the end of the sync, and saves what is needed beside the version. */
  readonly content: ContentTools;
  /** Whether a unit of the latest version has no bytes here. */
  hasMissingArtifacts(): Promise<boolean>;
  /** Whether the latest version has a publication. */
  isPublished(): Promise<boolean>;
  /**
   * A hidden repository of the same type that belongs to the repository, found by its name or made: kickstart variants and addons are
   * such. It goes with the repository, or with the first sync that asks for it no more, but not while a unit refers to its id (a
   * foreign key of the type's table). Throws when another repository has the name.
   */
  subRepository(name: string): Promise<SubRepository>;
  /** Has something closed when the sync has ended, however it ends; what was named last comes first. */
  atEnd(close: () => Promise<void>): void;
}

/** A part of the repository that is synced; no client can ask for it. */
export interface SubRepository {
  /** With `last_sync_details` among its details, as its own last sync has left them. */
  readonly repository: Repository;
  /** The version the sync starts from. */
  readonly latest: Version;
  /** Whether a unit of the latest version has no bytes here. */
  hasMissingArtifacts(): Promise<boolean>;
}

/** What is kept of a sync that has come to its end. */
export interface SyncEnd {
  /** Kept on the repository as `last_sync_details`; given the number of the version the sync ended with. */
  readonly details?: (version: number) => Values;
  /** A publication made in the same task, of the version the sync ended with. */
  readonly publish?: (publish: PublishContext) => Promise<void>;
}

/** Units one by one, or many at a time. */
export type DeclaredUnits = AsyncIterable<DeclaredContent | readonly DeclaredContent[]>;

/** What upstream has for one repository. */
export interface SyncedUnits {
  /** Read once, while a version is being made of it. */
  readonly units: DeclaredUnits;
  /** Of units that a mirror would remove, those that stay: upstream could not be asked about them. Called once all units were read. */
  spares?(contentIds: readonly number[]): Promise<readonly number[]>;
  /** Asked once all units are in the version, before it is complete. */
  end?(): SyncEnd | Promise<SyncEnd>;
}

/** What upstream has for a part of the repository. */
export interface SyncedPart extends SyncedUnits {
  readonly into: SubRepository;
  /** What its sync leaves on it; a publication is made of the repository as a whole. */
  end?(): Pick<SyncEnd, 'details'> | Promise<Pick<SyncEnd, 'details'>>;
}

/** How it is told that something was left out because upstream has not changed; by default in the words of `sync.was_skipped`. */
export interface Skipped {
  readonly code?: string;
  readonly message?: string;
  /** How much of it; default 1. */
  readonly parts?: number;
  /** Of how much; default all of it. */
  readonly of?: number;
}

/** An upstream that has something for the repository or its parts. */
export interface OpenedSync extends Partial<SyncedUnits> {
  /** Absent when only parts have changed: the repository gets no version then. */
  readonly units?: DeclaredUnits;
  /** Parts that are filled before the repository, in this order. All versions become visible together, or none. */
  readonly parts?: readonly SyncedPart[];
  /** What else there is and has not changed. */
  readonly skipped?: Skipped;
}

/** A sync in two steps: a look at upstream, and then what it has. */
export interface RepositorySync {
  /** Dotted name of Pulp's task. */
  readonly taskName: string;
  /** pulp_types of remotes that can be synced from. */
  readonly remotes: readonly string[];
  /**
   * Looks at upstream before any version is begun. `unchanged`: the task completes without a version (progress
   * `sync.was_skipped`, or as told). What it throws fails the task.
   */
  open(context: SyncContext): Promise<OpenedSync | 'unchanged' | { readonly unchanged: Skipped }>;
  /** Whether units not upstream are removed; default: the option `mirror`. */
  mirrors?(options: Values): boolean;
}
