/** The writes of a switch: distributions, repositories and remotes become what a run has planned, or what they were before it. */
import type { Transaction } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { announceChange } from '../repositories/distribution-change.ts';
import { noteServed } from '../repositories/note-served.ts';

const COLUMNS = `name text, base_path text, pulp_labels jsonb, hidden boolean, content_guard_id uuid, details jsonb,
  repository_id uuid, repository_version_id uuid, publication_id uuid, pinned_publication_id uuid`;

/** Columns of a distribution that a switch sets. */
export const SWITCHED_COLUMNS = [
  'name',
  'base_path',
  'pulp_labels',
  'hidden',
  'content_guard_id',
  'details',
  'repository_id',
  'repository_version_id',
  'publication_id',
  'pinned_publication_id',
] as const;

/** A distribution with its columns by name. */
export type SwitchedDistribution = { readonly id: string } & Readonly<Record<string, unknown>>;

export interface DistributionSwitch {
  /** Ids on the wire. */
  readonly removed: readonly string[];
  readonly changed: readonly SwitchedDistribution[];
  /** With `type`; where `default_guard` is true, the domain's own guard guards them. */
  readonly made: readonly SwitchedDistribution[];
}

/**
 * The caller has locked the rows that are there. Names and base paths are checked at the end, so that they can be swapped and taken
 * over.
 */
export async function switchDistributions(
  tx: Transaction,
  domainId: number,
  { removed, changed, made }: DistributionSwitch,
): Promise<void> {
  await tx.run(sql`set constraints distribution_name_unique, distribution_path_overlap deferred`);
  await tx.run(sql`delete from distribution where pulp_id = any(${removed}::uuid[])`);
  const sets = sql.raw(SWITCHED_COLUMNS.map((name) => `${name} = c.${name}`).join(', '));
  await tx.run(sql`update distribution d set ${sets}, checkpoint = false, pulp_last_updated = now()
    from jsonb_to_recordset(${JSON.stringify(changed)}::jsonb) as c (id uuid, ${sql.raw(COLUMNS)})
    where d.pulp_id = c.id`);
  await insertDistributions(tx, domainId, made);
  await tx.run(sql`set constraints distribution_name_unique, distribution_path_overlap immediate`);
  await noteServed(
    tx,
    [...made, ...changed].map(({ id }) => id),
  );
  await announceChange(tx);
}

async function insertDistributions(
  tx: Transaction,
  domainId: number,
  made: readonly SwitchedDistribution[],
): Promise<void> {
  const others = SWITCHED_COLUMNS.filter((name) => name !== 'content_guard_id');
  await tx.run(sql`insert into distribution (pulp_id, domain_id, pulp_type, content_guard_id, ${sql.raw(others.join(', '))})
    select c.id, ${domainId}, c.type,
      case when c.default_guard then (select default_content_guard_id from domain where id = ${domainId}) else c.content_guard_id end,
      ${sql.raw(others.map((name) => `c.${name}`).join(', '))}
    from jsonb_to_recordset(${JSON.stringify(made)}::jsonb) as c (id uuid, type text, default_guard boolean, ${sql.raw(COLUMNS)})`);
}

/** A repository or remote after the switch, with its columns by name. */
export interface StoreChange {
  readonly id: string;
  readonly name: string;
  readonly pulp_labels: Readonly<Record<string, unknown>>;
}

/** Renames in two steps, so that names can be swapped; `freed` are those of repositories and remotes that go. */
export async function changeStores(
  tx: Transaction,
  table: 'repository' | 'remote',
  changes: readonly (StoreChange & Readonly<Record<string, unknown>>)[],
  freed: readonly string[],
): Promise<void> {
  const name = sql.ident(table);
  const rows = sql`jsonb_to_recordset(${JSON.stringify(changes)}::jsonb) as c (id uuid, name text, pulp_labels jsonb,
    description text, retain_repo_versions integer, retain_checkpoints integer)`;
  await tx.run(sql`update ${name} set name = name || ' ' || pulp_id where pulp_id = any(${freed}::uuid[])`);
  await tx.run(
    sql`update ${name} t set name = t.name || ' ' || t.pulp_id from ${rows} where t.pulp_id = c.id and t.name <> c.name`,
  );
  const more: Sql =
    table === 'repository'
      ? sql`, description = c.description, retain_repo_versions = c.retain_repo_versions, retain_checkpoints = c.retain_checkpoints`
      : sql.empty;
  await tx.run(sql`update ${name} t set name = c.name, pulp_labels = c.pulp_labels, pulp_last_updated = now()${more}
    from ${rows} where t.pulp_id = c.id`);
}
