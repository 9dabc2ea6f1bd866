/** What package types are handed to receive bytes and to save units: `content`, in tasks, hooks, uploads and live protocols. */
import type { Digests } from '../../lib/crypto/digest.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { DeclaredContent, SavedContent } from './declared-content.ts';
import type { Remote } from './remote.ts';
import type { TaskContext, TaskFunction } from './task.ts';
import type { Repository, Version, VersionDraft } from './version.ts';

/** All of it is within one domain: that of the task or of the request. */
export interface ContentTools {
  /**
   * Takes bytes into the store, checked against what is expected of them. They are discarded when the task, hook or request has ended
   * unless they were saved. Throws DigestMismatch, SizeMismatch, StorageFull.
   */
  receive(
    source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    expected?: { readonly size?: number; readonly digests?: Digests },
  ): Promise<TempArtifact>;
  /** Artifacts of received bytes, durable when this answers; their ids in the order given. */
  saveArtifacts(received: readonly TempArtifact[]): Promise<number[]>;
  /**
   * The units found or made, with those they name and artifacts of what was received for them, in one transaction; in the order given.
   * In no repository they are orphans, which the protection time of orphans keeps.
   */
  save(units: readonly DeclaredContent[]): Promise<SavedContent[]>;
  /** Gives a unit, by its content id, other bytes under a path, or a path that it lacks. */
  putArtifact(contentId: number, relativePath: string, artifactId: number): Promise<void>;
  /** The bytes of an artifact as a local file, valid during the call. */
  withFile<T>(sha256: string, work: (path: string) => Promise<T>): Promise<T>;
  /** A repository by its id on the wire, with its newest version. Throws ValidationError when it is gone. */
  repository(pulpId: string): Promise<{ repository: Repository; latest: Version }>;
  /** A remote by its id on the wire, its secrets in clear. */
  remote(pulpId: string): Promise<Remote | undefined>;
}

/** What tasks have beyond that. */
export interface TaskContentTools extends ContentTools {
  /** Makes a version of a repository the task holds exclusively; null when nothing has changed. */
  newVersion(repository: Repository, work: (draft: VersionDraft) => Promise<void>): Promise<Version | null>;
}

/** What the tasks of package types run in. */
export interface ContentTaskContext extends TaskContext {
  readonly content: TaskContentTools;
}

/** A task of a package type. */
export interface ContentTask extends Omit<TaskFunction, 'run'> {
  // biome-ignore lint/suspicious/noExplicitAny: every task has arguments of its own shape, checked where it is dispatched
  run(context: ContentTaskContext, args: any): Promise<unknown>;
}
