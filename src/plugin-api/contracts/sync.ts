/** Syncs: what a type is given to bring a repository up to date with a remote, and what it answers. */
import type { Digests } from '../../lib/crypto/digest.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { Values } from '../declare/field.ts';
import type { DeclaredContent } from './declared-content.ts';
import type { PublishContext } from './publish.ts';
import type { Remote } from './remote.ts';
import type { TaskContext } from './task.ts';
import type { Repository, Version } from './version.ts';

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
