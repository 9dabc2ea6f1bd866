/** Repositories as engines need them: the row, its key on the wire, and what tasks write into it. */

import type { Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { announceChanges } from './distribution-change.ts';
import { deleteMemberships } from './membership.ts';

export interface RepositoryRow {
  readonly id: number;
  readonly pulpId: string;
  readonly pulpType: string;
  readonly name: string;
  readonly details: Record<string, unknown>;
  readonly row: Record<string, unknown>;
}

/** A repository of the domain by its id on the wire. */
export async function findRepository(
  db: Queryable,
  domainId: number,
  pulpId: string,
): Promise<RepositoryRow | undefined> {
  const row = await db.row<Record<string, unknown>>(
    sql`select * from repository where pulp_id = ${pulpId} and domain_id = ${domainId}`,
  );
  return row && repositoryOf(row);
}

export function repositoryOf(row: Record<string, unknown>): RepositoryRow {
  return {
    id: row.id as number,
    pulpId: String(row.pulp_id),
    pulpType: String(row.pulp_type),
    name: String(row.name),
    details: row.details as Record<string, unknown>,
    row,
  };
}

/** Sets entries of the details of a repository. */
export async function mergeRepositoryDetails(
  tx: Transaction,
  repositoryId: number,
  details: Record<string, unknown>,
): Promise<void> {
  await tx.run(sql`
    update repository set details = details || ${sql.json(details)}, pulp_last_updated = now() where id = ${repositoryId}`);
}

/** Deletes repositories, by bigint id, with their versions and memberships. */
export async function deleteRepositories(tx: Transaction, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await deleteMemberships(tx, ids);
  await tx.run(sql`delete from repository where id = any(${ids}::bigint[])`);
}

/** What the distributions that follow a repository serve may have changed. */
export async function announceRepositoryChange(tx: Transaction, repositoryPulpId: string): Promise<void> {
  await announceChanges(tx, sql`d.repository_id = ${repositoryPulpId}`);
}

/** What the distributions serve that follow repositories, their versions or their publications may have changed. */
export async function announceContentChange(tx: Transaction, repositoryIds: readonly number[]): Promise<void> {
  const versions = sql`select v.pulp_id from repository_version v where v.repository_id = any(${repositoryIds}::bigint[])`;
  await announceChanges(
    tx,
    sql`(d.repository_id in (select pulp_id from repository where id = any(${repositoryIds}::bigint[]))
      or d.repository_version_id in (${versions})
      or d.publication_id in (select p.pulp_id from publication p where p.repository_version_id in (${versions})))`,
  );
}
