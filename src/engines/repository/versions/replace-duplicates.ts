/** Keeps each repo key once in a version: what its type prefers; else added units replace older ones, and two added ones are an error. */
import type { Queryable, Transaction } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { PulpError } from '../../../lib/errors.ts';
import type { ContentTable } from '../../../model/content/natural-key.ts';
import { isOpen, removeContent } from '../../../model/repositories/membership.ts';
import type { Counts } from '../../../model/repositories/repository-version.ts';
import type { DraftContext } from '../../../plugin-api/contracts/draft.ts';
import type { RepositoryType } from '../../../plugin-api/contracts/repository.ts';
import { preferUnits } from './prefer-units.ts';
import { type Additions, keyColumns, sameKey, wasAdded } from './repository-keys.ts';

/** Works on an incomplete version; `added` are counts by type of what it has beyond the version before it. */
export async function replaceDuplicates(
  draft: DraftContext,
  tx: Transaction,
  type: RepositoryType,
  additions: Additions,
  added: Counts,
): Promise<void> {
  for (const content of type.contentTypes) {
    if (content.repoKey.length === 0) continue;
    // A unit of the latest version that is added to an older base is no addition to the counts.
    const count = additions.onLatest ? (added[content.pulpType] ?? 0) : Number.POSITIVE_INFINITY;
    if (count === 0) continue;
    const preference = type.prefer?.find((one) => one.content.pulpType === content.pulpType);
    if (preference) {
      await preferUnits(draft, tx, preference, additions);
      continue;
    }
    if (count > 1) await refuseDuplicates(tx, content, additions);
    if (additions.base.counts.present[content.pulpType]) await removeReplaced(tx, content, additions);
  }
}

async function refuseDuplicates(tx: Transaction, type: ContentTable, additions: Additions): Promise<void> {
  const rows = await tx.rows<{ keys: unknown[]; total: number }>(sql`
    select jsonb_build_array(${keyColumns(type, 'd')}) as keys, count(*) over () as total
      from repository_content rc join ${sql.ident(type.table)} d on d.content_id = rc.content_id
      where ${wasAdded(additions)} group by ${keyColumns(type, 'd')} having count(*) > 1 limit 5`);
  if (rows.length === 0) return;
  const { total } = rows[0]!;
  const named = rows.map(({ keys }) =>
    type.repoKey.map((name, at) => `${name}=${JSON.stringify(keys[at])}`).join(', '),
  );
  const more = total > named.length ? ' …' : '';
  throw new PulpError(
    'PLP0022',
    `Found ${total} duplicate contents in repository version: ${type.pulpType} with ${named.join('; ')}${more}`,
  );
}

/**
 * Units of an older base are new rows of this version too; where they are replaced, the rows go. `offset 0` keeps the order of the
 * look-ups: each added unit in the index of the key, what is found in the primary key of the memberships, however few units the planner
 * expects.
 */
async function removeReplaced(tx: Transaction, type: ContentTable, additions: Additions): Promise<void> {
  const { repositoryId, number } = additions.version;
  const table = sql.ident(type.table);
  const rows = await tx.rows<{ content_id: number }>(sql`
    with added as materialized (
      select rc.content_id, ${keyColumns(type, 'd')} from repository_content rc join ${table} d on d.content_id = rc.content_id
        where ${wasAdded(additions)})
    select same.content_id from added
      cross join lateral (select d.content_id from ${table} d
        where ${sameKey(type, 'd', 'added')} and d.content_id <> added.content_id offset 0) same
      cross join lateral (select 1 from repository_content rc
        where ${isOpen(repositoryId)} and rc.content_id = same.content_id offset 0) present`);
  if (rows.length > 0)
    await removeContent(
      tx,
      { repositoryId, number },
      rows.map((row) => row.content_id),
    );
}

/** Pairs of an incoming and another unit of the newest version with the same key: what would be overwritten. */
export async function overwritten(
  db: Queryable,
  type: ContentTable,
  repositoryId: number,
  contentIds: readonly number[],
): Promise<{ incoming: string; existing: string }[]> {
  if (type.repoKey.length === 0) return [];
  const table = sql.ident(type.table);
  return await db.rows(sql`
    select c.pulp_id as incoming, o.pulp_id as existing
      from ${table} n join ${table} d on ${sameKey(type, 'd', 'n')} and d.content_id <> n.content_id
        join repository_content rc on rc.content_id = d.content_id
        join content c on c.id = n.content_id join content o on o.id = d.content_id
      where n.content_id = any(${contentIds}::bigint[]) and ${isOpen(repositoryId)} order by c.id limit 100`);
}
