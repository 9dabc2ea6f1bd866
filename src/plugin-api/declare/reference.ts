/** What a reference field of a request has become once it was looked up: the object it names. */
import type { Row, Values } from './field.ts';

/** The object that a reference field of a request names. */
export interface Reference {
  /** The id on the wire. */
  readonly id: string;
  /** The row of the object. */
  readonly row: Row;
  readonly prn: string;
}

/** Whether a validated value is a reference that was looked up. */
export function isReference(value: unknown): value is Reference {
  return typeof value === 'object' && value !== null && 'prn' in value && 'row' in value && 'id' in value;
}

/** Values as the arguments of a task hold them: ids on the wire instead of references, also within lists. */
export function plainValues(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return isReference(value) ? value.id : value;
}
