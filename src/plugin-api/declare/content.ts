/** Types of content as plugins declare them: table, keys, fields of the wire. */
import type { NamedBy } from '../../model/content/natural-key.ts';
import type { AccessDeclaration } from './access.ts';
import type { Field } from './field.ts';
import type { Filters } from './filter.ts';
import { labelOf, type Model, prn } from './model.ts';
import type { TypeIdentity } from './names-of-type.ts';

/** A column of the table of a type of content. */
export interface ContentColumn {
  readonly name: string;
  /** PostgreSQL type, used to insert arrays of rows: `text`, `bigint`, `jsonb`, `text[]` … */
  readonly type: string;
  /**
   * Its values are other units, and what is kept of them: the id in the database (`bigint`, or `bigint[]` for a list), the one on the wire
   * (`uuid`, `uuid[]`), or the value of a column of theirs. Units named by ids are not removed while there is one that names them; for
   * that the column needs an index (lists: gin). In the natural key a named unit stands with its own one.
   */
  readonly names?: NamedBy;
}

/** What a type of content is declared with: one table of its own beside `content`, joined by content_id. */
export interface ContentDeclaration {
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

/** A declared type of content. */
export interface ContentType extends ContentDeclaration, TypeIdentity {
  /** `file.filecontent` */
  readonly label: string;
}

/** Declares a type of content. */
export function contentType(declaration: ContentDeclaration): ContentType {
  const { app, name, path, pulpType, table } = declaration;
  const model: Model = { app, name, path, table: 'content', detailTable: table, pulpType };
  const label = labelOf(model);
  return { ...declaration, model, label, prn: (pulpId) => prn(label, pulpId) };
}

/** How a unit is made through the API; how its bytes are read is told by the UploadReader of the type. */
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
}
