/** The switch: pointers, names, base paths, labels, flags and deletions of all items in one transaction. */

import type { Transaction } from '../../../db/database.ts';
import { type Sql, sql } from '../../../db/sql.ts';
import { announceChange } from '../../../model/repositories/distribution-change.ts';
import { noteServed } from '../../../model/repositories/note-served.ts';
import type { Values } from '../../../plugin-api/declare/field.ts';
import type { DistributionValues, Target } from '../run/targets.ts';

export interface SwitchItem {
  readonly id: number;
  readonly object: 'distribution' | 'repository' | 'remote';
  readonly name: string;
  readonly type: string;
  readonly act: string;
  readonly target: Target;
}

/** Somebody has changed what the plan was made from; the message names it. */
export class ChangedMeanwhile extends Error {
  readonly names: readonly string[];
  constructor(names: readonly string[]) {
    super(`changed here since the plan was made: ${names.join(', ')}`);
    this.name = 'ChangedMeanwhile';
    this.names = names;
  }
}

const COLUMNS = `name text, base_path text, pulp_labels jsonb, hidden boolean, content_guard_id uuid, details jsonb,
  repository_id uuid, repository_version_id uuid, publication_id uuid, pinned_publication_id uuid`;
const NAMES = [
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

/** What a distribution becomes; null removes it. */
export interface DistributionChange {
  readonly id: string;
  readonly type: string;
  readonly label: string;
  readonly before: DistributionValues | null;
  readonly after: DistributionValues | null;
  readonly defaultGuard?: boolean | undefined;
}

/** Names and base paths are checked at the end, so that they can be swapped and taken over. */
export async function changeDistributions(
  tx: Transaction,
  domainId: number,
  changes: readonly DistributionChange[],
): Promise<void> {
  await tx.run(sql`set constraints distribution_name_unique, distribution_path_overlap deferred`);
  await requireUnchanged(tx, changes);
  const removed = changes.filter(({ after }) => after === null).map(({ id }) => id);
  await tx.run(sql`delete from distribution where pulp_id = any(${removed}::uuid[])`);
  const made = changes.filter(({ before, after }) => before === null && after !== null);
  const changed = changes.filter(({ before, after }) => before !== null && after !== null);
  await updateDistributions(tx, changed);
  await insertDistributions(tx, domainId, made);
  await tx.run(sql`set constraints distribution_name_unique, distribution_path_overlap immediate`);
  await noteServed(
    tx,
    [...made, ...changed].map(({ id }) => id),
  );
  await announceChange(tx);
}

/** Locks the rows, in one order, and compares them with what the plan was made from. */
async function requireUnchanged(tx: Transaction, changes: readonly DistributionChange[]): Promise<void> {
  const ids = changes.map(({ id }) => id);
  const rows = await tx.rows<Values & { pulp_id: string }>(sql`
    select pulp_id, ${list(NAMES)} from distribution where pulp_id = any(${ids}::uuid[]) order by pulp_id for update`);
  const there = new Map(rows.map((row) => [row.pulp_id, row]));
  const different = changes.filter(({ id, before }) => {
    const row = there.get(id);
    if (!row || !before) return Boolean(row) !== Boolean(before);
    return NAMES.some((name) => canonical(row[name]) !== canonical(before[name]));
  });
  if (different.length > 0) throw new ChangedMeanwhile(different.map(({ label }) => label));
}

/** JSON with sorted keys, as objects come back from the database in another order. */
function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

function list(names: readonly string[], prefix = ''): Sql {
  return sql.raw(names.map((name) => `${prefix}${name}`).join(', '));
}

async function updateDistributions(tx: Transaction, changes: readonly DistributionChange[]): Promise<void> {
  const rows = changes.map(({ id, after }) => ({ id, ...after }));
  const sets = sql.raw(NAMES.map((name) => `${name} = c.${name}`).join(', '));
  await tx.run(sql`update distribution d set ${sets}, checkpoint = false, pulp_last_updated = now()
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as c (id uuid, ${sql.raw(COLUMNS)}) where d.pulp_id = c.id`);
}

async function insertDistributions(
  tx: Transaction,
  domainId: number,
  changes: readonly DistributionChange[],
): Promise<void> {
  const rows = changes.map(({ id, type, after, defaultGuard }) => ({
    id,
    type,
    default_guard: defaultGuard === true,
    ...after,
  }));
  const others = NAMES.filter((name) => name !== 'content_guard_id');
  await tx.run(sql`insert into distribution (pulp_id, domain_id, pulp_type, content_guard_id, ${list(others)})
    select c.id, ${domainId}, c.type,
      case when c.default_guard then (select default_content_guard_id from domain where id = ${domainId}) else c.content_guard_id end,
      ${list(others, 'c.')}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as c (id uuid, type text, default_guard boolean, ${sql.raw(COLUMNS)})`);
}

export interface StoreChange {
  readonly id: string;
  readonly name: string;
  readonly pulp_labels: Values;
}

/** Renames in two steps, so that names can be swapped; `freed` are those of repositories and remotes that go. */
export async function changeStores(
  tx: Transaction,
  table: 'repository' | 'remote',
  changes: readonly (StoreChange & Values)[],
  freed: readonly string[],
): Promise<void> {
  const name = sql.ident(table);
  const rows = sql`jsonb_to_recordset(${JSON.stringify(changes)}::jsonb) as c (id uuid, name text, pulp_labels jsonb,
    description text, retain_repo_versions integer, retain_checkpoints integer)`;
  await tx.run(sql`update ${name} set name = name || ' ' || pulp_id where pulp_id = any(${freed}::uuid[])`);
  await tx.run(
    sql`update ${name} t set name = t.name || ' ' || t.pulp_id from ${rows} where t.pulp_id = c.id and t.name <> c.name`,
  );
  const more =
    table === 'repository'
      ? sql`, description = c.description, retain_repo_versions = c.retain_repo_versions, retain_checkpoints = c.retain_checkpoints`
      : sql.empty;
  await tx.run(sql`update ${name} t set name = c.name, pulp_labels = c.pulp_labels, pulp_last_updated = now()${more}
    from ${rows} where t.pulp_id = c.id`);
}
