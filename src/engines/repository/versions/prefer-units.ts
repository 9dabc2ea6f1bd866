/** Keeps of the units with one repository key the one its type prefers, or one made of them. */
import type { Transaction } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { isOpen } from '../../../model/repositories/membership.ts';
import type { DeclaredContent } from '../../../plugin-api/contracts/declared-content.ts';
import type { DraftContext } from '../../../plugin-api/contracts/draft.ts';
import type { KeyedUnit, Preference } from '../../../plugin-api/contracts/preference.ts';
import type { Row } from '../../../plugin-api/declare/field.ts';
import { type Additions, keyColumns, sameKey, wasAdded } from './repository-keys.ts';

/** Units whose values are read and compared together. */
const BATCH = 2000;
/** Units named in the log. */
const MOST_NAMED = 10;

interface Member {
  readonly content_id: number;
  readonly added: boolean;
}

export async function preferUnits(
  draft: DraftContext,
  tx: Transaction,
  preference: Preference,
  additions: Additions,
): Promise<void> {
  const refused: number[] = [];
  for (const groups of inBatches(await groupsOf(tx, preference, additions))) {
    const values = await valuesOf(tx, preference, groups.flat());
    const removed: number[] = [];
    const made: DeclaredContent[] = [];
    for (const group of groups) {
      const chosen = choose(preference, group, values);
      if ('type' in chosen) made.push(chosen);
      const losers = group.filter((one) => 'type' in chosen || one.content_id !== chosen.contentId);
      removed.push(...losers.map((one) => one.content_id));
      if (!('type' in chosen) && !chosen.added)
        refused.push(...losers.filter((one) => one.added).map((one) => one.content_id));
    }
    await draft.remove(removed);
    if (made.length > 0) await draft.save(made);
  }
  if (refused.length > 0) {
    const told = { type: preference.content.pulpType, count: refused.length, content: refused.slice(0, MOST_NAMED) };
    draft.logger.warn(told, 'added units were left out for older ones with the same key');
  }
}

/** All units that have the key of an added one, by key; added ones first. They are looked up as in `removeReplaced`. */
async function groupsOf(tx: Transaction, { content }: Preference, additions: Additions): Promise<Member[][]> {
  const table = sql.ident(content.table);
  const rows = await tx.rows<Member & { key: number }>(sql`
    with keys as materialized (
      select distinct ${keyColumns(content, 'd')} from repository_content rc join ${table} d on d.content_id = rc.content_id
        where ${wasAdded(additions)}),
    member as (
      select same.content_id, present.added, dense_rank() over (order by ${keyColumns(content, 'keys')}) as key,
          count(*) over (partition by ${keyColumns(content, 'keys')}) as members
        from keys
        cross join lateral (select d.content_id from ${table} d where ${sameKey(content, 'd', 'keys')} offset 0) same
        cross join lateral (select ${wasAdded(additions)} as added from repository_content rc
          where ${isOpen(additions.version.repositoryId)} and rc.content_id = same.content_id offset 0) present)
    select content_id, added, key from member where members > 1 order by key, added desc, content_id`);
  const groups: Member[][] = [];
  let last: number | undefined;
  for (const { key, content_id, added } of rows) {
    if (key !== last) groups.push([]);
    last = key;
    groups.at(-1)!.push({ content_id, added });
  }
  return groups;
}

function* inBatches(groups: readonly Member[][]): Generator<Member[][]> {
  let batch: Member[][] = [];
  let units = 0;
  for (const group of groups) {
    batch.push(group);
    units += group.length;
    if (units < BATCH) continue;
    yield batch;
    batch = [];
    units = 0;
  }
  if (batch.length > 0) yield batch;
}

async function valuesOf(
  tx: Transaction,
  { content, columns }: Preference,
  members: readonly Member[],
): Promise<Map<number, Row>> {
  const names = [...new Set([...content.repoKey, ...columns])];
  const rows = await tx.rows<Row & { content_id: number }>(sql`
    select d.content_id, ${sql.join(names.map((name) => sql.ident('d', name)))} from ${sql.ident(content.table)} d
      where d.content_id = any(${members.map((one) => one.content_id)}::bigint[])`);
  return new Map(rows.map(({ content_id, ...values }) => [content_id, values]));
}

function choose(
  preference: Preference,
  group: readonly Member[],
  values: ReadonlyMap<number, Row>,
): KeyedUnit | DeclaredContent {
  const [first, ...others] = group.map(
    ({ content_id, added }): KeyedUnit => ({ contentId: content_id, added, values: values.get(content_id)! }),
  );
  let chosen: KeyedUnit | DeclaredContent = first!;
  for (const other of others) chosen = preference.choose(asKeyed(chosen), other);
  return chosen;
}

const asKeyed = (chosen: KeyedUnit | DeclaredContent): KeyedUnit =>
  'type' in chosen ? { contentId: null, added: true, values: chosen.values } : chosen;
