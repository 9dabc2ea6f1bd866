/** What the engines offer to tasks of package types: saving units, making versions. */
import type { Transaction } from '../../db/database.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { Domain, Services } from './context.ts';
import type { DeclaredContent, SavedContent } from './declared-content.ts';
import type { Remote } from './remote.ts';
import type { TaskContext } from './task.ts';
import type { Repository, Version, VersionDraft } from './version.ts';

/** What the engines offer to tasks of plugins. */
export interface ContentTools {
  /** The units found or made, with artifacts of `temp` saved, in one transaction; in the order given. */
  save(context: TaskContext, units: readonly DeclaredContent[]): Promise<SavedContent[]>;
  /** Artifacts of received bytes; their ids in the order given. */
  saveArtifacts(context: TaskContext, temps: readonly TempArtifact[]): Promise<number[]>;
  /** Gives a unit, by its content id, other bytes under a path, or a path that it lacks. Within a transaction of `context.write`. */
  putArtifact(tx: Transaction, contentId: number, relativePath: string, artifactId: number): Promise<void>;
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
