/** A distribution as it is kept in the cache of this process: what it serves now, and how to tell that this has changed. */

import type { DistributionType, ServedDistribution } from '../../plugin-api/contracts/serve.ts';
import type { Version } from '../../plugin-api/contracts/version.ts';
import type { Row } from '../../plugin-api/declare/field.ts';
import type { ArtifactStore } from '../../storage/artifact-store.ts';

/** Where files come from: a publication, or a version that is served as it is. Neither ever changes. */
export interface Source {
  readonly publicationId: string | null;
  /** The content of the version is visible at its own paths (always without a publication). */
  readonly content: boolean;
  readonly version: Version;
  /** When the publication was made, in milliseconds: the date of its metadata files. */
  readonly publishedAt: number;
}

export interface ServedEntry {
  /** Differs between any two states of any distribution in this process. */
  readonly serial: number;
  readonly distribution: ServedDistribution;
  readonly type: DistributionType | undefined;
  readonly store: ArtifactStore;
  readonly guard: Row | null;
  readonly remoteId: string | null;
  readonly source: Source | null;
  /** Has served other publications before, which answer for a while yet. */
  readonly hasFormer: boolean;
  /** Answers of checkpoints instead of one publication. */
  readonly checkpointsOf: string | null;
  /** Files in object storage are answered by a redirect if the domain wants it. */
  readonly redirects: boolean;
  /** Identity of the rows that what is served follows from. */
  readonly stamp: string;
  /** The same of all these rows but the version: while it stays, a newer version is all that has changed. */
  readonly frame: string;
  /** It was read while several distributions of the domain were being switched together. */
  readonly switching: boolean;
  /** Start of the last query that found the stamp unchanged (milliseconds of the monotonic clock). */
  checkedAt: number;
  /** The state of the database in which its stamp was read. */
  checkedIn?: string | undefined;
}

/** Paths that are not found here are asked of the remote. */
export function pullsThrough(entry: ServedEntry): boolean {
  return entry.remoteId !== null && entry.type?.pullThrough !== undefined;
}
