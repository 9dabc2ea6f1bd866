/** What is in a version of a repository: one row per stay of a unit, changed by the difference to the version before. */
import { copyRows } from '../../db/copy-rows.ts';
import type { Queryable, Transaction } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { type Counts, countBy, type VersionCounts } from './repository-version.ts';

export interface VersionPlace {
  readonly repositoryId: number;
  readonly number: number;
}

/** A version by values, or by expressions that a query has for them. */
interface VersionTerms {
  readonly repositoryId: number | Sql;
  readonly number: number | Sql;
}

/** The version in a row of `repository_version` with this alias. */
export const versionRow = (alias: string): VersionTerms => ({
  repositoryId: sql.raw(`${alias}.repository_id`),
  number: sql.raw(`${alias}.number`),
});

/** Condition on a row of `repository_content`, `rc` or with another alias: the stay covers the version. */
export function inVersion(version: VersionTerms, alias = 'rc'): Sql {
  return covers(version, alias, sql.empty);
}

/**
 * As `inVersion`, where single units are looked up: the sum keeps the planner from going through all stays that begin before the version
 * instead of those of the unit.
 */
export function inVersionByUnit(version: VersionTerms, alias = 'rc'): Sql {
  return covers(version, alias, NO_INDEX);
}

const NO_INDEX = sql.raw(' + 0');

function covers({ repositoryId, number }: VersionTerms, alias: string, added: Sql): Sql {
  const rc = sql.raw(alias);
  return sql`${rc}.repository_id = ${repositoryId} and ${rc}.version_added${added} <= ${number}
    and (${rc}.version_removed is null or ${rc}.version_removed > ${number})`;
}

/**
 * Condition on `rc`: the version has the unit. It is looked up row by row in the primary key: about a repository that is new the planner
 * knows nothing, and a join with one could compare each unit with each.
 */
export function unitIsIn(version: VersionPlace): Sql {
  return sql`(select true from repository_content held where ${inVersionByUnit(version, 'held')}
    and held.content_id = rc.content_id limit 1) is not null`;
}

/** Condition on `rc`: the stay has not ended, so the newest version has it, be it complete or not. */
export function isOpen(repositoryId: number): Sql {
  return sql`rc.repository_id = ${repositoryId} and rc.version_removed is null`;
}

/**
 * Adds units to the newest version, which is incomplete; those that are there already are skipped. Returns how many were added.
 * The units are held, so that they cannot be removed as orphans before the memberships are committed. They are looked up one by one
 * in the primary key: as a join, the planner could read the whole repository for each batch.
 */
export async function addContent(tx: Transaction, version: VersionPlace, ids: readonly number[]): Promise<number> {
  if (ids.length === 0) return 0;
  const { repositoryId, number } = version;
  const returned = await tx.run(sql`
    update repository_content rc set version_removed = null
      where rc.repository_id = ${repositoryId} and rc.content_id = any(${ids}::bigint[]) and rc.version_removed = ${number}`);
  const added = await tx.run(sql`
    with held as materialized (select id from content where id = any(${ids}::bigint[]) order by id for key share)
    insert into repository_content (repository_id, content_id, version_added)
      select ${repositoryId}::bigint, id, ${number}::integer from held
        where (select true from repository_content rc where ${isOpen(repositoryId)} and rc.content_id = id limit 1) is null
      on conflict do nothing`);
  return returned + added;
}

/** Adds units made in this transaction, which are in no repository yet: nothing has to be looked for. */
export async function addNewContent(tx: Transaction, version: VersionPlace, ids: readonly number[]): Promise<number> {
  if (ids.length === 0) return 0;
  const rows = ids.values().map((id) => [version.repositoryId, id, version.number]);
  return await copyRows(tx, 'repository_content', ['repository_id', 'content_id', 'version_added'], rows);
}

/** Removes units from the newest version, which is incomplete. Returns how many were removed. */
export async function removeContent(tx: Transaction, version: VersionPlace, ids: readonly number[]): Promise<number> {
  return await removeWhere(tx, version, sql`rc.content_id = any(${ids}::bigint[])`);
}

/** Removes from the newest version what meets a condition on `rc`. */
export async function removeWhere(tx: Transaction, version: VersionPlace, condition: Sql): Promise<number> {
  const { repositoryId, number } = version;
  const deleted = await tx.run(sql`delete from repository_content rc
    where rc.repository_id = ${repositoryId} and rc.version_added = ${number} and ${condition}`);
  const ended = await tx.run(sql`update repository_content rc set version_removed = ${number}
    where ${isOpen(repositoryId)} and rc.version_added < ${number} and ${condition}`);
  return deleted + ended;
}

/** The repositories, by bigint id, are about to be deleted: no foreign key takes their memberships along. */
export async function deleteMemberships(tx: Transaction, repositoryIds: readonly number[]): Promise<void> {
  await tx.run(sql`delete from repository_content where repository_id = any(${repositoryIds}::bigint[])`);
}

/** Gives the newest version, which is incomplete, the content of an older one. */
export async function startFrom(tx: Transaction, version: VersionPlace, base: VersionPlace): Promise<void> {
  const { repositoryId, number } = version;
  await removeWhere(tx, version, sql`not ${unitIsIn(base)}`);
  await tx.run(sql`
    insert into repository_content (repository_id, content_id, version_added)
      select ${repositoryId}::bigint, rc.content_id, ${number}::integer from repository_content rc
        where ${inVersion(base)} and not ${unitIsIn(version)}`);
}

/** Ids of the units that the newest version has, in growing order. */
export async function* openContentIds(db: Queryable, repositoryId: number, batch = 20_000): AsyncGenerator<number[]> {
  for (let after = 0; ; ) {
    const rows = await db.rows<{ content_id: number }>(sql`
      select rc.content_id from repository_content rc where ${isOpen(repositoryId)} and rc.content_id > ${after}
        order by rc.content_id limit ${batch}`);
    if (rows.length === 0) return;
    after = rows.at(-1)!.content_id;
    yield rows.map((row) => row.content_id);
  }
}

/** The counters of an incomplete version, from those of the version before it. */
export async function countVersion(
  tx: Transaction,
  version: VersionPlace,
  before: VersionCounts,
): Promise<VersionCounts> {
  const { repositoryId, number } = version;
  const added = await countBy(tx, repositoryId, sql`rc.version_added = ${number}`);
  const removed = await countBy(tx, repositoryId, sql`rc.version_removed = ${number}`);
  return { added, removed, present: sum(before.present, added, removed) };
}

function sum(before: Counts, added: Counts, removed: Counts): Counts {
  const present: Counts = {};
  for (const type of [...new Set([...Object.keys(before), ...Object.keys(added)])].sort()) {
    const count = (before[type] ?? 0) + (added[type] ?? 0) - (removed[type] ?? 0);
    if (count > 0) present[type] = count;
  }
  return present;
}
