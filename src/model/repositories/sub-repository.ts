/** Sub-repositories: hidden ones that are filled with another repository, belong to it, and go when nothing needs them any more. */
import type { Queryable, Transaction } from '../../db/database.ts';
import { violatedForeignKey } from '../../db/errors.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';
import { insertRepositories } from './new-repository.ts';
import { deleteRepositories, type RepositoryRow, repositoryOf } from './repository.ts';

/** The repository to which they belong; its type is theirs. */
export interface Parent {
  readonly id: number;
  readonly pulpType: string;
}

interface Adopted {
  readonly repository: RepositoryRow;
  readonly made: boolean;
}

/** The newest version is all that is ever asked for. */
const KEPT_VERSIONS = 1;

/**
 * The sub-repository of that name, made when there is none, with its first version. One that its parent has let go comes back. Throws
 * when a repository of another kind has the name.
 */
export async function adoptSubRepository(
  tx: Transaction,
  domainId: number,
  parent: Parent,
  name: string,
): Promise<Adopted> {
  const there = await findByName(tx, domainId, name);
  if (!there) {
    const hidden = { id: uuid7(), type: parent.pulpType, name, hidden: true, retain_repo_versions: KEPT_VERSIONS };
    await insertRepositories(tx, domainId, [hidden]);
  }
  const row = there ?? (await findByName(tx, domainId, name))!;
  const repository = repositoryOf(row);
  const taken = there && (!there.is_part || (there.parent_id !== null && there.parent_id !== parent.id));
  if (taken) throw new Error(`The repository '${name}' is no part of the one that is synced; rename or delete it.`);
  await tx.run(sql`insert into sub_repository (repository_id, parent_id) values (${repository.id}, ${parent.id})
    on conflict (repository_id) do update set parent_id = excluded.parent_id`);
  return { repository, made: !there };
}

type Found = Record<string, unknown> & { readonly is_part: boolean; readonly parent_id: number | null };

/** Held until the transaction ends, so that nobody removes it meanwhile. */
async function findByName(tx: Transaction, domainId: number, name: string): Promise<Found | undefined> {
  return await tx.row<Found>(sql`
    select r.*, s.repository_id is not null as is_part, s.parent_id
      from repository r left join sub_repository s on s.repository_id = r.id
      where r.domain_id = ${domainId} and r.name = ${name} for update of r`);
}

/** Whether a repository has parts beside these. */
export async function hasOtherParts(db: Queryable, parentId: number, kept: readonly number[]): Promise<boolean> {
  const row = await db.row<{ has: boolean }>(sql`select exists (select from sub_repository
    where parent_id = ${parentId} and repository_id <> all(${kept}::bigint[])) as has`);
  return row!.has;
}

/** Lets go of all parts of a repository but these. */
export async function releaseOtherParts(tx: Transaction, parentId: number, kept: readonly number[]): Promise<void> {
  await tx.run(sql`update sub_repository set parent_id = null
    where parent_id = ${parentId} and repository_id <> all(${kept}::bigint[])`);
}

/** Removes the parts of repositories that are about to be deleted; those that a unit refers to are let go. */
export async function removeParts(tx: Transaction, parentIds: readonly number[]): Promise<void> {
  await removeWhere(tx, sql`s.parent_id = any(${parentIds}::bigint[])`);
}

/** Deletes repositories, by bigint id, with their versions, memberships and parts. */
export async function deleteWithParts(tx: Transaction, ids: readonly number[]): Promise<void> {
  await removeParts(tx, ids);
  await deleteRepositories(tx, ids);
}

/** Removes those of a domain that were let go and that no unit refers to; answers how many. */
export async function removeReleased(tx: Transaction, domainId: number): Promise<number> {
  return await removeWhere(tx, sql`s.parent_id is null and r.domain_id = ${domainId}`);
}

async function removeWhere(tx: Transaction, condition: Sql): Promise<number> {
  const rows = await tx.rows<{
    id: number;
  }>(sql`select r.id from sub_repository s join repository r on r.id = s.repository_id
    where ${condition} order by r.id for update of r skip locked`);
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return 0;
  return await tx.savepoint(() => remove(tx, ids)).catch((error) => removeSingly(tx, error, ids));
}

async function removeSingly(tx: Transaction, error: unknown, ids: readonly number[]): Promise<number> {
  if (violatedForeignKey(error) === undefined) throw error;
  let removed = 0;
  for (const id of ids) {
    removed += await tx
      .savepoint(() => remove(tx, [id]))
      .catch((reason) => {
        if (violatedForeignKey(reason) !== undefined) return 0;
        throw reason;
      });
  }
  return removed;
}

async function remove(tx: Transaction, ids: readonly number[]): Promise<number> {
  await deleteRepositories(tx, ids);
  return ids.length;
}
