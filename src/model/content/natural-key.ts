/** The natural key of a unit of content: one digest over the values that identify it, whatever its type. */
import { hash } from 'node:crypto';

/** A content type as its table sees it; declared in full by plugins. */
export interface ContentTable {
  readonly pulpType: string;
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly names?: NamedBy }[];
  readonly naturalKey: readonly string[];
  readonly repoKey: readonly string[];
}

/** What a column keeps of a unit that it names: its id in the database or on the wire, or the value of one of its columns. */
export type NamedBy = 'id' | 'pulpId' | { readonly column: string };

const named = new WeakMap<ContentTable, ReadonlyMap<string, NamedBy>>();

/** The columns of a type that name units. */
export function namesOf(type: ContentTable): ReadonlyMap<string, NamedBy> {
  const known = named.get(type);
  if (known) return known;
  const names = new Map(type.columns.flatMap(({ name, names: by }) => (by ? [[name, by] as const] : [])));
  named.set(type, names);
  return names;
}

/** Hex SHA-256 over the canonical JSON of the values of the natural key. A unit that is named stands there with its own natural key. */
export function naturalKeyOf(type: ContentTable, values: Readonly<Record<string, unknown>>): string {
  const names = namesOf(type);
  const parts = type.naturalKey.map((name) => {
    const by = names.size === 0 ? undefined : names.get(name);
    return canonicalJson(by ? keyPart(by, values[name]) : values[name]);
  });
  return hash('sha256', `[${parts.join(',')}]`, 'hex');
}

interface Named {
  readonly key: string;
  readonly values: Readonly<Record<string, unknown>>;
}

function keyPart(by: NamedBy, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => keyPart(by, one));
  if (typeof value !== 'object' || value === null) return value;
  const { key, values } = value as Named;
  return typeof by === 'object' ? values[by.column] : key;
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
