/** Repositories as engines need them: the row, its key on the wire, and what tasks write into it. */

import type { Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { announceChange } from './distribution-change.ts';

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

/** Tells content processes that what the distributions of a repository serve may have changed. */
export async function announceRepositoryChange(tx: Transaction, repositoryPulpId: string): Promise<void> {
  const changed = await tx.rows<{ pulp_id: string }>(sql`
    update distribution set generation = generation + 1 where pulp_id in (
      select pulp_id from distribution where repository_id = ${repositoryPulpId} order by pulp_id for no key update)
      returning pulp_id`);
  if (changed.length > MOST_NOTIFIED) return await announceChange(tx);
  for (const { pulp_id } of changed) await announceChange(tx, pulp_id);
}

const MOST_NOTIFIED = 100;
