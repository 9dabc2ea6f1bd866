/** What a type does for its repositories: sync, checks of new versions, publishing by itself, scans. */
import type { Queryable } from '../../db/database.ts';
import type { ContentType } from '../declare/content.ts';
import type { Values } from '../declare/field.ts';
import type { DraftContext } from './draft.ts';
import type { Preference } from './preference.ts';
import type { RepositorySync } from './sync.ts';
import type { Repository, Version } from './version.ts';

/** A package as services that know of weaknesses name it. */
export interface ScannedPackage {
  readonly contentId: number;
  readonly name: string;
  readonly version: string;
}

/** What a type of repositories can do; a missing hook is a missing capability. */
export interface RepositoryType {
  readonly pulpType: string;
  readonly contentTypes: readonly ContentType[];
  readonly sync?: RepositorySync;
  /** Word in `pulp_type` of the publication that is made where none is named (autopublish, schedules); absent: it has none. */
  readonly publicationType?: string;
  /** Its distributions serve publications alone: a version that is not published is not served. */
  readonly servesPublications: boolean;
  /** How units with one repository key get along, for the content types where it is not the newest that stays. */
  readonly prefer?: readonly Preference[];
  /** Checks or amends a new version before units that have the repository key of an added one are removed. */
  check?(draft: DraftContext): Promise<void>;
  /** Checks or amends a new version when each repository key is in it once. What is added here replaces what has its key, too. */
  finalize?(draft: DraftContext): Promise<void>;
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
  /**
   * What happens where two units of a version have one artifact path, or one a path below that of another: the version is refused
   * (`error`, the default), the task tells so in a progress report and the log (`warn`), or nobody looks.
   */
  readonly checkPaths?: 'error' | 'warn' | 'none';
}
