/** Conditions over repository keys, and over what a version in the making has beyond what it started from. */
import { type Sql, sql } from '../../../db/sql.ts';
import type { ContentTable } from '../../../model/content/natural-key.ts';
import { isOpen, unitIsIn } from '../../../model/repositories/membership.ts';
import type { VersionRow } from '../../../model/repositories/repository-version.ts';

export interface Additions {
  readonly version: VersionRow;
  /** What the version started from; what is in it was not added. */
  readonly base: VersionRow;
  /** Whether it started from the version before it. */
  readonly onLatest: boolean;
}

/** Condition on `rc`: the unit was added to what the version started from. */
export function wasAdded({ version, base, onLatest }: Additions): Sql {
  const open = isOpen(version.repositoryId);
  if (onLatest) return sql`${open} and rc.version_added = ${version.number}`;
  return sql`${open} and not ${unitIsIn(base)}`;
}

export function keyColumns(type: ContentTable, alias: string): Sql {
  return sql.join(type.repoKey.map((name) => sql.ident(alias, name)));
}

/** Equality of all columns of the key; a null equals nothing. */
export function sameKey(type: ContentTable, left: string, right: string): Sql {
  return sql.and(type.repoKey.map((name) => sql`${sql.ident(left, name)} = ${sql.ident(right, name)}`));
}
