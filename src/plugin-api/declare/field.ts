/** The vocabulary for the fields of a resource: each constructor names a kind on the wire and where the value is kept. */
import type { Sql } from '../../db/sql.ts';
import type { Presenter } from '../contracts/context.ts';
import type { Row } from './values.ts';

export type { Row, Values } from './values.ts';

/** Kinds of values on the wire. */
export type FieldKind =
  | 'string'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'datetime'
  | 'reference'
  | 'json'
  | 'object'
  | 'labels'
  | 'list'
  | 'choice'
  | 'nested'
  | 'file'
  | 'map';

/** What a reference may point at: a master table (any of its types), or one model by its label (`file.fileremote`). */
export type ReferenceTarget = string | readonly string[];

/** What values a field takes. */
export interface FieldRules {
  readonly kind: FieldKind;
  /** Must be in a full request; by default when there is no default, no null and the field can be written. */
  readonly required?: boolean;
  readonly nullable?: boolean;
  readonly readOnly?: boolean;
  readonly writeOnly?: boolean;
  readonly default?: unknown;
  /** A check of the field's own value; returns a message when it is refused. */
  readonly check?: (value: unknown) => string | undefined;
}

/** Rules of strings and numbers. */
export interface ScalarRules {
  /** string: '' is allowed. */
  readonly blank?: boolean;
  /** string: white space at the ends belongs to the value. */
  readonly keepSpace?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: { readonly source: string; readonly message: string };
  readonly minimum?: number;
  readonly maximum?: number;
  readonly choices?: readonly string[];
  /** The choices are whole numbers on the wire. */
  readonly numeric?: boolean;
}

/** Rules of values that are made of others or name others. */
export interface CompoundRules {
  readonly items?: Field;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly target?: ReferenceTarget;
  /** reference: may point into another domain than that of the request. */
  readonly anyDomain?: boolean;
}

/** Where the value is kept. */
export interface FieldStorage {
  /** Column of the table, or `false` where the value is not stored as it is. Default: the wire name. */
  readonly column?: string | false;
  /** Kept in the `details` object of the row instead of a column of its own. */
  readonly detail?: boolean;
  /** Encrypted at rest and never shown. */
  readonly secret?: boolean;
}

/** How the value of an answer is come by. */
export interface FieldPresentation {
  /** SQL that yields the value (named like the field), where a plain column is not enough. */
  readonly select?: Sql;
  /** The wire value from the selected row. */
  readonly read?: (row: Row, presenter: Presenter) => unknown;
  /** The wire values of many rows at once, where more must be asked of the database. */
  readonly load?: (rows: readonly Row[], presenter: Presenter) => Promise<readonly unknown[]>;
  /** Not part of the response when the row has no value for it. */
  readonly omitNull?: boolean;
  /** Part of an answer only when the query's `fields` names it; the document does not tell of it. */
  readonly onRequest?: boolean;
}

/** What only the document of the API tells. */
export interface FieldDocument {
  readonly help?: string;
  readonly format?: string;
  /** Kept at a default but not told in the document (Pulp leaves it out). */
  readonly hiddenDefault?: boolean;
  /** integer: false where the document says plain integer. */
  readonly int64?: boolean;
  /** Component name of the choice's enumeration. */
  readonly enumName?: string;
  /** Component name of a nested object (without `Response`). */
  readonly component?: string;
  /** Additional facts, merged over what the kind gives. */
  readonly schema?: Readonly<Record<string, unknown>>;
  /** Facts for the response component only. */
  readonly responseSchema?: Readonly<Record<string, unknown>>;
  /** An addition to Pulp that is taken and answered, but not in the document, so that generated clients are the same. */
  readonly undocumented?: boolean;
}

/** A field of a resource: what it takes, where it is kept, how it is answered and documented. */
export interface Field extends FieldRules, ScalarRules, CompoundRules, FieldStorage, FieldPresentation, FieldDocument {}

type Options = Omit<Field, 'kind'>;

/** Text; white space at its ends is trimmed unless `keepSpace` is set. */
export const string = (options: Options = {}): Field => ({ kind: 'string', ...options });
/** A whole number. */
export const integer = (options: Options = {}): Field => ({ kind: 'integer', ...options });
/** A number, whole or not. */
export const number = (options: Options = {}): Field => ({ kind: 'number', ...options });
/** true or false; forms may say `1`, `yes`, `on` too. */
export const boolean = (options: Options = {}): Field => ({ kind: 'boolean', ...options });
/** A moment: ISO 8601 on the wire, in UTC when answered. */
export const datetime = (options: Options = {}): Field => ({ kind: 'datetime', ...options });
/** Any JSON value. */
export const json = (options: Options = {}): Field => ({ kind: 'json', ...options });
/** A JSON object. */
export const object = (options: Options = {}): Field => ({ kind: 'object', ...options });
/** An object whose values are all of one kind. */
export const map = (items: Field, options: Options = {}): Field => ({ kind: 'map', items, ...options });
/** A list of values of one kind. */
export const list = (items: Field, options: Options = {}): Field => ({ kind: 'list', items, ...options });
/** An object with fields of its own and a component name in the document. */
export const nested = (
  component: string,
  properties: Readonly<Record<string, Field>>,
  options: Options = {},
): Field => ({
  kind: 'nested',
  component,
  properties,
  ...options,
});
/** One of a few words; `enumName` is the component of the choices in the document. */
export const choice = (enumName: string, choices: readonly string[], options: Options = {}): Field => ({
  kind: 'choice',
  enumName,
  choices,
  ...options,
});
/** An uploaded file: a part of a multipart body, received into the artifact store. */
export const file = (options: Options = {}): Field => ({ kind: 'file', writeOnly: true, column: false, ...options });
/** An href or PRN of another resource; the column holds its pulp_id. */
export const reference = (target: ReferenceTarget, options: Options = {}): Field => ({
  kind: 'reference',
  target,
  format: 'uri',
  ...options,
});
/** A write-only string that is encrypted at rest. */
export const secret = (options: Options = {}): Field => ({
  kind: 'string',
  secret: true,
  writeOnly: true,
  nullable: true,
  ...options,
});
/** `pulp_labels`: strings or nulls by key. */
export const labels = (options: Options = {}): Field => ({ kind: 'labels', ...options });

/** Whether a full request must have the field. */
export function isRequired(field: Field): boolean {
  if (field.required !== undefined) return field.required;
  return !field.readOnly && field.default === undefined && !field.nullable && field.kind !== 'labels';
}
