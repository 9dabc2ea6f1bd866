/** Repositories and their versions as hooks and tasks of package types see them. */
import type { Row, Values } from '../declare/field.ts';
import type { DeclaredContent, SavedContent } from './declared-content.ts';

/** A repository version as hooks see it. */
export interface Version {
  readonly id: number;
  readonly pulpId: string;
  readonly number: number;
  readonly repositoryId: number;
}

/** A version in the making. Sets of any size: they are written in batches. */
export interface VersionDraft extends Version {
  /** Adds units by their ids; answers how many were not in it. */
  add(contentIds: readonly number[]): Promise<number>;
  /** Removes units by their ids; answers how many were in it. */
  remove(contentIds: readonly number[]): Promise<number>;
  /** Finds or makes units, those that came with them too, and adds them all in one transaction; answers those given, in their order. */
  save(units: readonly DeclaredContent[]): Promise<SavedContent[]>;
}

/** A repository; `id` is the key of its row, `pulpId` the id on the wire, `details` the fields of its type. */
export interface Repository {
  readonly id: number;
  readonly pulpId: string;
  readonly pulpType: string;
  readonly name: string;
  readonly details: Values;
  readonly row: Row;
}
