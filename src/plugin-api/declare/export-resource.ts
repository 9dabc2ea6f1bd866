/** What archives of repository versions keep of a type: flat records in files with the names of Pulp's classes (core.md §8.1). */
import type { ContentType } from './content.ts';
import type { Row, Values } from './field.ts';
import type { DeclaredRepository } from './repository-type.ts';

/**
 * In archives everything is text: `number` 9 is "9", `boolean` "1" or "0", `list` joined by commas, `time` in UTC; null is "", which
 * `optional` text reads as null. `jsonText` is text that holds JSON here and a JSON value in Pulp.
 */
export interface ExportField {
  readonly name: string;
  readonly kind?: 'text' | 'optional' | 'number' | 'boolean' | 'json' | 'jsonText' | 'list' | 'time';
  /** Column of the type's table, or name in the details of a repository, where it is another. */
  readonly column?: string;
}

/** One kind of records in archives: units of a type, or the repository itself. */
export interface ExportResource {
  /** Module and class of Pulp: `pulp_file.app.modelresource.FileContentResource`. */
  readonly name: string;
  /** Units of this type, or ... */
  readonly content?: ContentType;
  /** ... the repository itself, of this type; `fields` are those of its details. */
  readonly repository?: DeclaredRepository;
  readonly fields: readonly ExportField[];
  /** Types of content of the repository that archives do not keep, as those of Pulp. */
  readonly leaves?: readonly ContentType[];
}

/** The fields of a record as text. */
export function toRecord(fields: readonly ExportField[], row: Row): Record<string, string | null> {
  return Object.fromEntries(fields.map((field) => [field.name, toText(field, row[field.column ?? field.name])]));
}

function toText({ kind }: ExportField, value: unknown): string | null {
  if (kind === 'json' || kind === 'jsonText')
    return value === null || value === undefined ? null : JSON.stringify(value);
  if (value === null || value === undefined) return '';
  if (kind === 'boolean') return value ? '1' : '0';
  if (kind === 'list') return (value as unknown[]).join(',');
  if (kind === 'time') return timeText(value as Date | string);
  return String(value);
}

function timeText(value: Date | string): string {
  return new Date(value).toISOString().slice(0, 19).replace('T', ' ');
}

/** Values by column from a record. Texts may be empty or null in the source alike: empty numbers, times and JSON are null. */
export function fromRecord(fields: readonly ExportField[], record: Readonly<Record<string, unknown>>): Values {
  return Object.fromEntries(
    fields
      .filter((field) => field.name in record)
      .map((field) => [field.column ?? field.name, read(field, record[field.name])]),
  );
}

function read({ kind }: ExportField, value: unknown): unknown {
  if (kind === 'json') return typeof value === 'string' && value !== '' ? JSON.parse(value) : (value ?? null);
  if (kind === 'jsonText') return readJsonText(value);
  if (value === null || value === undefined) return null;
  const text = String(value);
  if (kind === 'boolean') return text === '1' || text.toLowerCase() === 'true';
  if (kind === 'list') return text === '' ? [] : text.split(',');
  if (kind === 'optional') return text === '' ? null : text;
  if (kind === 'number') return text === '' ? null : Number(text);
  if (kind === 'time') return text === '' ? null : `${text.replace(' ', 'T')}${/[Z+]/.test(text) ? '' : 'Z'}`;
  return text;
}

/** Pulp keeps such a value as JSON that is mostly a text with JSON in it, sometimes the value itself. */
function readJsonText(value: unknown): string {
  const inner: unknown = typeof value === 'string' && value !== '' ? JSON.parse(value) : null;
  return typeof inner === 'string' ? inner : JSON.stringify(inner);
}
