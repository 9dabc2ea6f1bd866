/** Content as plugins declare it: types with their table and keys, and units found upstream with their artifacts. */
import type { Digests } from '../../lib/crypto/digest.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { Domain, Services } from '../contracts/context.ts';
import type { AccessDeclaration } from './access.ts';
import type { Field, Values } from './field.ts';
import type { Filters } from './filter.ts';

export interface ContentColumn {
  readonly name: string;
  /** PostgreSQL type, used to insert arrays of rows: `text`, `bigint`, `jsonb`, `text[]` … */
  readonly type: string;
}

/** A type of content: one table of its own beside `content`, joined by content_id. */
export interface ContentType {
  readonly app: string;
  /** Class name: `FileContent`. */
  readonly name: string;
  /** `file.file` */
  readonly pulpType: string;
  /** `content/file/files` */
  readonly path: string;
  readonly table: string;
  readonly columns: readonly ContentColumn[];
  /** Columns that identify a unit in its domain. */
  readonly naturalKey: readonly string[];
  /** Columns of which a repository version holds each combination once; empty: no such rule. */
  readonly repoKey: readonly string[];
  /** Column that equals the path of its artifact and has an index in bytewise order (collate "C"): makes path checks cheap. */
  readonly pathColumn?: string;
  /** Its bytes are never dropped by reclaim. */
  readonly protectedFromReclaim?: boolean;
  readonly description: string;
  /** Fields of the wire beside those all content has. */
  readonly fields: Readonly<Record<string, Field>>;
  readonly filters: Filters;
  /** Ordering words beside those all content has. */
  readonly ordering: readonly string[];
  /** false: the words that all content has are not told for this type. */
  readonly commonOrdering?: boolean;
  /** Names of the fields that `minimal=true` leaves beside those all content has. */
  readonly minimal?: readonly string[];
  /** Status that set_label and unset_label answer; 201 unless told. */
  readonly labelStatus?: number;
  /** `artifact` and `relative_path` (default), `artifacts` for several, fields of the type's own, or none. */
  readonly artifacts?: 'single' | 'multiple' | 'own' | 'none';
  /** How a unit is made through the API; absent: it cannot be. */
  readonly upload?: ContentUpload;
  /** Where access differs from what is usual for content; `permissions` names the one for `…/upload/`. */
  readonly access?: AccessDeclaration;
}

export interface ContentUpload {
  /** Fields of the request beside file, artifact, upload, file_url, repository, overwrite, pulp_labels. */
  readonly fields?: Readonly<Record<string, Field>>;
  /** Has `…/upload/`, which makes the unit in the request, with this component name; `without` names fields it does not have. */
  readonly synchronous?: {
    readonly component: string;
    readonly without?: readonly string[];
    /** Component of the answer, where it is not that of the request. */
    readonly answer?: string;
  };
  /** The unit of uploaded bytes: values of its columns and the path of its artifact. May read the bytes from `file`. */
  readonly read: (input: UploadInput) => Promise<DeclaredContent>;
}

export interface UploadInput {
  readonly type: ContentType;
  /** Validated fields of the request. */
  readonly values: Values;
  /** Name the client gave the file, if any. */
  readonly filename: string | null;
  readonly size: number;
  readonly digests: Digests;
  /** A local file that holds the bytes, valid during the call. */
  readonly file: string;
  /** Receives further bytes, for an artifact of the unit as its `temp`. */
  readonly receive: (source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) => Promise<TempArtifact>;
  readonly services: Services;
  readonly domain: Domain;
  /** Id of who has sent it, null where nobody has logged in. */
  readonly userId: number | null;
}

/** An artifact of a declared unit. */
export interface DeclaredArtifact {
  readonly relativePath: string;
  /** Where upstream has it; absent for bytes that are here already. */
  readonly url?: string;
  readonly size?: number | null;
  readonly digests?: Digests;
  /** Bytes received already. */
  readonly temp?: TempArtifact;
  /** id of an artifact row. */
  readonly artifactId?: number;
  /** Fetched later, when a client asks for it (policies on_demand and streamed). */
  readonly deferred?: boolean;
  /** Additional request headers for its download. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A unit of content by its values, before it is known whether it exists already. */
export interface DeclaredContent {
  readonly type: ContentType;
  /** Values by column name of the type's table. */
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
  readonly type: ContentType;
  readonly values: Values;
  /** It was there before. */
  readonly existed: boolean;
}
