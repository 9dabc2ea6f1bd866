/** Versions of repositories: begun incomplete under the next number, completed at once, deleted by merging into the next. */
import type { Queryable, Transaction } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { PulpError } from '../../lib/errors.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';

/** Numbers of units by pulp_type. */
export type Counts = Record<string, number>;

export interface VersionCounts {
  readonly added: Counts;
  readonly removed: Counts;
  readonly present: Counts;
}

export interface VersionRow {
  readonly id: number;
  readonly pulpId: string;
  readonly number: number;
  readonly repositoryId: number;
  readonly counts: VersionCounts;
}

const COLUMNS = sql.raw('v.id, v.pulp_id as "pulpId", v.number, v.repository_id as "repositoryId", v.counts');

/** The newest complete version. */
export async function latestVersion(db: Queryable, repositoryId: number): Promise<VersionRow> {
  const found = await db.row<VersionRow>(sql`select ${COLUMNS} from repository_version v
    where v.repository_id = ${repositoryId} and v.complete order by v.number desc limit 1`);
  if (!found) throw new Error(`Repository ${repositoryId} has no complete version`);
  return found;
}

/** A complete version of the domain by its id on the wire. */
export async function findVersionById(
  db: Queryable,
  domainId: number,
  pulpId: string,
): Promise<VersionRow | undefined> {
  return await db.row<VersionRow>(sql`select ${COLUMNS} from repository_version v
    join repository r on r.id = v.repository_id
    where v.pulp_id = ${pulpId} and v.complete and r.domain_id = ${domainId}`);
}

/**
 * Begins the next version, invisible until it is complete. The caller holds the repository exclusively, so an incomplete
 * version found here was left by a task that is no more.
 */
export async function beginVersion(
  tx: Transaction,
  repositoryId: number,
  basePulpId: string | null,
): Promise<VersionRow> {
  const left = await tx.rows<VersionRow>(sql`select ${COLUMNS} from repository_version v
    where v.repository_id = ${repositoryId} and not v.complete order by v.number desc`);
  for (const version of left) await dropVersion(tx, version);
  return await insertVersion(tx, repositoryId, basePulpId);
}

async function insertVersion(tx: Transaction, repositoryId: number, basePulpId: string | null): Promise<VersionRow> {
  const found = await tx.row<VersionRow>(sql`
    with numbered as (
      update repository set next_version = next_version + 1 where id = ${repositoryId} returning id, next_version - 1 as number)
    insert into repository_version as v (pulp_id, repository_id, number, base_version_id)
      select ${uuid7()}::uuid, id, number, ${basePulpId}::uuid from numbered returning ${COLUMNS}`);
  if (!found) throw new Error(`Repository ${repositoryId} is gone`);
  return found;
}

/** All that were begun and not completed; the newest of a repository first, because a later one may end what an earlier one began. */
export async function incompleteVersions(db: Queryable): Promise<VersionRow[]> {
  return await db.rows<VersionRow>(
    sql`select ${COLUMNS} from repository_version v where not v.complete order by v.repository_id, v.number desc`,
  );
}

/** Sets what versions have at present, by bigint id; only of complete ones, whose content does not change any more. */
export async function setPresentCounts(
  tx: Transaction,
  counted: readonly { readonly id: number; readonly counted: object }[],
): Promise<number> {
  return await tx.run(sql`
    update repository_version v set counts = jsonb_set(v.counts, '{present}', given.counted::jsonb)
      from unnest(${counted.map((one) => one.id)}::bigint[], ${counted.map((one) => JSON.stringify(one.counted))}::text[])
        as given (id, counted) where v.id = given.id`);
}

/** Takes back an incomplete version and its changes; its number is free again. */
export async function dropVersion(tx: Transaction, { id, number, repositoryId }: VersionRow): Promise<void> {
  await tx.run(sql`delete from repository_content where repository_id = ${repositoryId} and version_added = ${number}`);
  await tx.run(sql`update repository_content set version_removed = null
    where repository_id = ${repositoryId} and version_removed = ${number}`);
  await tx.run(sql`delete from repository_version where id = ${id} and not complete`);
  await tx.run(sql`update repository set next_version = ${number}
    where id = ${repositoryId} and next_version = ${number + 1}`);
}

export async function completeVersion(tx: Transaction, version: VersionRow, counts: VersionCounts): Promise<void> {
  const updated = await tx.run(sql`
    update repository_version set complete = true, counts = ${sql.json(counts)}, pulp_last_updated = now()
      where id = ${version.id} and not complete`);
  if (updated === 0) throw new Error('The version was dropped meanwhile');
}

/**
 * Deletes a complete version; its changes become those of the next one, so that all others keep their content. Everything
 * happens in the caller's transaction: half a deletion would be a version that lies about its content.
 */
export async function deleteVersion(tx: Transaction, version: VersionRow): Promise<void> {
  const { id, number, repositoryId } = version;
  await tx.run(sql`select from repository where id = ${repositoryId} for update`);
  const others = await tx.rows<VersionRow>(sql`select ${COLUMNS} from repository_version v
    where v.repository_id = ${repositoryId} and v.complete and v.id <> ${id} order by v.number`);
  if (others.length === 0) {
    throw new PulpError(
      'PLP0011',
      'Cannot delete repository version. Repositories must have at least one repository version.',
    );
  }
  const next = others.find((other) => other.number > number);
  if (next) await squashInto(tx, version, next);
  else await undo(tx, version);
  await tx.run(sql`delete from repository_version where id = ${id}`);
}

/** The newest version goes: what it added was in no other, what it removed is back. */
async function undo(tx: Transaction, { repositoryId, number }: VersionRow): Promise<void> {
  await tx.run(sql`delete from repository_content where repository_id = ${repositoryId} and version_added = ${number}`);
  await tx.run(sql`update repository_content set version_removed = null
    where repository_id = ${repositoryId} and version_removed = ${number}`);
}

/**
 * Stays that begin or end with the version begin or end with the next one. Those that existed in between only are gone, and
 * two that now touch become one.
 */
async function squashInto(tx: Transaction, { repositoryId, number }: VersionRow, next: VersionRow): Promise<void> {
  const ofRepository = sql`repository_id = ${repositoryId}`;
  await tx.run(sql`delete from repository_content
    where ${ofRepository} and version_added = ${number} and version_removed = ${next.number}`);
  await tx.run(sql`
    with ended as (
      select content_id from repository_content where ${ofRepository} and version_removed = ${number}),
    resumed as (
      delete from repository_content r using ended
        where r.repository_id = ${repositoryId} and r.content_id = ended.content_id and r.version_added = ${next.number}
        returning r.content_id, r.version_removed)
    update repository_content s set version_removed = resumed.version_removed from resumed
      where s.repository_id = ${repositoryId} and s.content_id = resumed.content_id and s.version_removed = ${number}`);
  await tx.run(sql`update repository_content set version_added = ${next.number}
    where ${ofRepository} and version_added = ${number}`);
  await tx.run(sql`update repository_content set version_removed = ${next.number}
    where ${ofRepository} and version_removed = ${number}`);
  const added = await countBy(tx, repositoryId, sql`rc.version_added = ${next.number}`);
  const removed = await countBy(tx, repositoryId, sql`rc.version_removed = ${next.number}`);
  await tx.run(
    sql`update repository_version set counts = counts || ${sql.json({ added, removed })} where id = ${next.id}`,
  );
}

/** Units by type among the memberships that meet a condition on `rc`. */
export async function countBy(db: Queryable, repositoryId: number, condition: Sql): Promise<Counts> {
  const rows = await db.rows<{ pulp_type: string; count: number }>(sql`
    select c.pulp_type, count(*) as count from repository_content rc join content c on c.id = rc.content_id
      where rc.repository_id = ${repositoryId} and ${condition} group by c.pulp_type order by c.pulp_type`);
  return Object.fromEntries(rows.map((row) => [row.pulp_type, row.count]));
}
