/** Publishing: what a type is given to make the metadata files of a version. */
import type { DigestName } from '../../lib/crypto/digest.ts';
import type { UnitsOptions, VersionUnit } from '../../model/repositories/version-units.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { ContentType } from '../declare/content.ts';
import type { Values } from '../declare/field.ts';
import type { SigningAnswer } from '../toolkit/signing.ts';
import type { ContentTools } from './content-tools.ts';
import type { TaskContext } from './task.ts';
import type { Repository, Version } from './version.ts';

export type { UnitsOptions, VersionArtifact, VersionUnit } from '../../model/repositories/version-units.ts';

/** Text or bytes in pieces; one string is one piece. */
export type FileSource = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** Files of a publication. Paths are those clients ask for, below the distribution. */
interface PublishedFiles {
  /** A metadata file made of a source, or one that was received already. */
  addFile(relativePath: string, source: FileSource | TempArtifact): Promise<TempArtifact>;
  /**
   * Begins a metadata file that is written piece by piece, and named when its digests are known; several can be open at once. `digests`
   * are computed beside those this server keeps. What was not committed at the end is dropped.
   */
  openFile(options?: { readonly digests?: readonly DigestName[] }): FileWriter;
  /** The bytes of a unit's artifact under a path. */
  addArtifact(relativePath: string, contentArtifactId: number | null): void;
  /**
   * Signs a file by a signing service, named by its id on the wire. The program of the service sees the file under `name`. Throws
   * PulpError when the service is gone or fails.
   */
  sign(serviceId: string, file: TempArtifact, options: SignFileOptions): Promise<SignedFile>;
}

/** What a publish function is given. */
export interface PublishContext extends TaskContext, PublishedFiles {
  readonly version: Version;
  readonly repository: Repository;
  readonly content: ContentTools;
  /** Fields of the publication. */
  readonly values: Values;
  /** All content of the version is visible at its own paths beside what is published. */
  passThrough(): void;
  /** Sets a field of the publication that only publishing tells. */
  set(name: string, value: unknown): void;
  /** Units of a type in the version, or in another one of whatever repository, streamed in batches. */
  units(
    type: ContentType,
    options?: UnitsOptions & { readonly version?: Version },
  ): AsyncIterable<readonly VersionUnit[]>;
  /** The publication below a directory (`Server/`), for another version where one is given: of a repository within this one. */
  below(directory: string, version?: Version): PublishContext;
}

/** A file on its way in. Throws what the store throws: when it is full, when the task is canceled. */
export interface FileWriter {
  /** Waits while the store is slower. Short texts are joined. */
  write(chunk: Uint8Array | string): Promise<void>;
  /** Ends the file; answers its size and digests. */
  close(): Promise<TempArtifact>;
  /** Publishes the closed file under a path, or under several. */
  commit(...paths: readonly string[]): void;
  /** Gives the file up. */
  cancel(): Promise<void>;
}

/** How a file is signed. */
export interface SignFileOptions {
  /** Name of the file, which the names of what the program makes may follow: `repomd.xml`. */
  readonly name: string;
  /** Further variables of the environment of the program. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What signing a file has made. */
export interface SignedFile {
  /** What the program has answered. */
  readonly answer: SigningAnswer;
  /** Receives a file that the answer names, for `addFile`. Throws PulpError when it is missing or empty. */
  receive(path: unknown): Promise<TempArtifact>;
}

/** How publications of a type are made. */
export interface PublicationType {
  readonly pulpType: string;
  /** Dotted name of Pulp's task. */
  readonly taskName: string;
  publish(context: PublishContext): Promise<void>;
}
