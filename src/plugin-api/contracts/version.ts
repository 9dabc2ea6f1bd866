/** Repositories and their versions as hooks and tasks of package types see them. */
import type { Row, Values } from '../declare/field.ts';

/** A repository version as hooks see it. */
export interface Version {
  readonly id: number;
  readonly pulpId: string;
  readonly number: number;
  readonly repositoryId: number;
}

/** A version in the making, as tasks of plugins change it. Each answers how many units it has changed. */
export interface VersionDraft extends Version {
  add(contentIds: readonly number[]): Promise<number>;
  remove(contentIds: readonly number[]): Promise<number>;
}

export interface Repository {
  readonly id: number;
  readonly pulpId: string;
  readonly pulpType: string;
  readonly name: string;
  readonly details: Values;
  readonly row: Row;
}
