/** Makes repositories, each with its version 0, which is empty and complete. */
import type { Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { uuid7Batch } from '../../lib/text/uuid7.ts';

export interface NewRepository {
  /** The id on the wire. */
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, unknown>>;
  readonly description?: string | null;
  readonly retain_repo_versions?: number | null;
  readonly retain_checkpoints?: number | null;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Seen by no client: what belongs to another object. */
  readonly hidden?: boolean;
}

/** Makes repositories of a domain. */
export async function insertRepositories(
  tx: Transaction,
  domainId: number,
  repositories: readonly NewRepository[],
): Promise<void> {
  if (repositories.length === 0) return;
  await tx.run(sql`
    insert into repository (pulp_id, domain_id, pulp_type, name, pulp_labels, description, retain_repo_versions,
        retain_checkpoints, details, user_hidden)
      select r.id, ${domainId}, r.type, r.name, coalesce(r.labels, '{}'), r.description, r.retain_repo_versions,
          r.retain_checkpoints, coalesce(r.details, '{}'), coalesce(r.hidden, false)
        from jsonb_to_recordset(${JSON.stringify(repositories)}::jsonb) as r (id uuid, type text, name text, labels jsonb,
          description text, retain_repo_versions integer, retain_checkpoints integer, details jsonb, hidden boolean)`);
  await insertFirstVersions(
    tx,
    repositories.map(({ id }) => id),
  );
}

/** Version 0 of repositories that were made in this transaction, by their ids on the wire. */
export async function insertFirstVersions(tx: Transaction, pulpIds: readonly string[]): Promise<void> {
  await tx.run(sql`
    with numbered as (
      update repository r set next_version = 1 from unnest(${pulpIds}::uuid[], ${uuid7Batch(pulpIds.length)}::uuid[]) as given (id, version)
        where r.pulp_id = given.id returning r.id, given.version)
    insert into repository_version (pulp_id, repository_id, number, complete) select version, id, 0, true from numbered`);
}
