/** Units of content as syncs, uploads and tasks declare them, before it is known whether they exist. */
import type { Digests } from '../../lib/crypto/digest.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { ContentType } from '../declare/content.ts';
import type { Values } from '../declare/field.ts';

/** An artifact of a declared unit. */
export interface DeclaredArtifact {
  readonly relativePath: string;
  /** Where upstream has it; absent for bytes that are here already. */
  readonly url?: string;
  /** Other places of the remote with the same bytes, tried in their order where `url` fails; not kept for later downloads. */
  readonly mirrors?: readonly string[];
  readonly size?: number | null;
  readonly digests?: Digests;
  /** Bytes received already. */
  readonly temp?: TempArtifact;
  /** id of an artifact row. */
  readonly artifactId?: number;
  /** Fetched later, when a client asks for it (policies on_demand and streamed). */
  readonly deferred?: boolean;
  /** Of the request for it, such as the media types that are wanted, kept for downloads in later times; no credentials. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A unit of content by its values, before it is known whether it exists already. */
export interface DeclaredContent {
  readonly type: ContentType;
  /**
   * Values by column name of the type's table. In a column that names units a declared unit, which is saved with this one, or a saved
   * one; lists of them where the column is a list.
   */
  readonly values: Values;
  readonly artifacts: readonly DeclaredArtifact[];
  readonly labels?: Readonly<Record<string, string | null>>;
  /** Units saved with an uploaded one and added to the same repository. */
  readonly companions?: readonly DeclaredContent[];
  /** Fills in values that only the downloaded bytes tell; called after download, before saving. */
  readonly complete?: (unit: DeclaredContent, file: (artifact: DeclaredArtifact) => string) => Promise<DeclaredContent>;
}

/** A unit that is in the database. */
export interface SavedContent {
  readonly id: number;
  readonly pulpId: string;
  /** Hex digest of what identifies it. */
  readonly key: string;
  readonly type: ContentType;
  readonly values: Values;
  /** It was there before. */
  readonly existed: boolean;
}
