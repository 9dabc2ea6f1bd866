/** What a type does for its repositories: sync, checks of new versions, publishing by itself, scans. */
import type { Queryable, Transaction } from '../../db/database.ts';
import type { ContentType } from '../declare/content.ts';
import type { Values } from '../declare/field.ts';
import type { RepositorySync } from './sync.ts';
import type { TaskContext } from './task.ts';
import type { Repository, Version } from './version.ts';

export interface ScannedPackage {
  readonly contentId: number;
  readonly name: string;
  readonly version: string;
}

export interface RepositoryType {
  readonly pulpType: string;
  readonly contentTypes: readonly ContentType[];
  readonly sync?: RepositorySync;
  /** Word in `pulp_type` of the publication that is made where none is named (autopublish, schedules); absent: it has none. */
  readonly publicationType?: string;
  /** Its distributions serve publications alone: a version that is not published is not served. */
  readonly servesPublications: boolean;
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
