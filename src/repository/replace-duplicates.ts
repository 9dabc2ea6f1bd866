/** Keeps each repo key once in a version: added units replace older ones, two added ones with the same key are an error. */
import type { Queryable, Transaction } from '../db/database.ts';
import { type Sql, sql } from '../db/sql.ts';
import { PulpError } from '../lib/errors.ts';
import { isOpen } from '../model/membership.ts';
import type { ContentTable } from '../model/natural-key.ts';
import type { Counts, VersionRow } from '../model/repository-version.ts';
import type { RepositoryType } from '../plugin-api/plugin.ts';

/** Works on an incomplete version; `added` and `before` are counts by type of what it adds and what was there before. */
export async function replaceDuplicates(
  tx: Transaction,
  type: RepositoryType,
  version: VersionRow,
  added: Counts,
  before: Counts,
): Promise<void> {
  for (const content of type.contentTypes) {
    if (content.repoKey.length === 0 || !added[content.pulpType]) continue;
    if (added[content.pulpType]! > 1) await refuseDuplicates(tx, content, version);
    if (before[content.pulpType]) await removeReplaced(tx, content, version);
  }
}

async function refuseDuplicates(
  tx: Transaction,
  type: ContentTable,
  { repositoryId, number }: VersionRow,
): Promise<void> {
  const rows = await tx.rows<{ keys: unknown[]; total: number }>(sql`
    select jsonb_build_array(${keyColumns(type, 'd')}) as keys, count(*) over () as total
      from repository_content rc join ${sql.ident(type.table)} d on d.content_id = rc.content_id
      where rc.repository_id = ${repositoryId} and rc.version_added = ${number} and rc.version_removed is null
      group by ${keyColumns(type, 'd')} having count(*) > 1 limit 5`);
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

async function removeReplaced(
  tx: Transaction,
  type: ContentTable,
  { repositoryId, number }: VersionRow,
): Promise<void> {
  const table = sql.ident(type.table);
  await tx.run(sql`
    with added as (
      select ${keyColumns(type, 'd')} from repository_content rc join ${table} d on d.content_id = rc.content_id
        where rc.repository_id = ${repositoryId} and rc.version_added = ${number} and rc.version_removed is null)
    update repository_content rc set version_removed = ${number}
      from added join ${table} d on ${sameKey(type, 'd', 'added')}
      where ${isOpen(repositoryId)} and rc.version_added < ${number} and rc.content_id = d.content_id`);
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

function keyColumns(type: ContentTable, alias: string): Sql {
  return sql.join(type.repoKey.map((name) => sql.ident(alias, name)));
}

/** Equality of all columns of the key; a null equals nothing. */
function sameKey(type: ContentTable, left: string, right: string): Sql {
  return sql.and(type.repoKey.map((name) => sql`${sql.ident(left, name)} = ${sql.ident(right, name)}`));
}
