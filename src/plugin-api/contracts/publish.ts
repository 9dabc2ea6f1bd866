/** Publishing: what a type is given to make the metadata files of a version. */
import type { DigestName } from '../../lib/crypto/digest.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { ContentType } from '../declare/content.ts';
import type { Row, Values } from '../declare/field.ts';
import type { TaskContext } from './task.ts';
import type { Repository, Version } from './version.ts';

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

/** A unit with one of its artifacts, as `units` yields it. */
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

/** How publications of a type are made. */
export interface PublicationType {
  readonly pulpType: string;
  /** Dotted name of the peer's task. */
  readonly taskName: string;
  publish(context: PublishContext): Promise<void>;
}
