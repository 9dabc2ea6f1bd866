/** An object of a pack as it is found there, and the names that git gives to objects. */
import { createHash, type Hash } from 'node:crypto';
import type { ObjectFormat } from './upload-pack.ts';

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

export interface PackEntry {
  /** Of the object; of a delta that of its base, known once it was resolved. */
  type: ObjectType | undefined;
  /** Bytes of the object; of a delta once it was resolved. */
  size: number;
  /** Where it begins in the pack: deltas name their bases by it. */
  readonly place: number;
  /** Where its compressed bytes begin. */
  readonly data: number;
  /** Inflated bytes at that place. */
  readonly stored: number;
  /** Offset or name of the base of a delta. */
  readonly base?: number | string;
  baseEntry?: PackEntry;
  oid?: string;
}

/** The name of an object covers its type and size. */
export function hashObject(format: ObjectFormat, type: ObjectType, size: number): Hash {
  return createHash(format).update(`${type} ${size}\0`);
}
