/** The natural key of a unit of content: one digest over the values that identify it, whatever its type. */
import { hash } from 'node:crypto';

/** A content type as its table sees it; declared in full by plugins. */
export interface ContentTable {
  readonly pulpType: string;
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly naturalKey: readonly string[];
  readonly repoKey: readonly string[];
}

/** Hex SHA-256 over the canonical JSON of the values of the natural key. */
export function naturalKeyOf(type: ContentTable, values: Readonly<Record<string, unknown>>): string {
  const parts = type.naturalKey.map((name) => canonicalJson(values[name]));
  return hash('sha256', `[${parts.join(',')}]`, 'hex');
}

/** JSON with sorted keys and without spaces; what is undefined is null. */
export function canonicalJson(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  const sorted = entries.sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${sorted.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`;
}
