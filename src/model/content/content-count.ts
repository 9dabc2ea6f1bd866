/** Counts of units kept by triggers: the length of a list of all units of a type, and where in it a far page begins. */
import type { Queryable } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';

/** Rows above which they are summed up. */
const MANY = 2_000;
const RANGE_BITS = 16;

export interface ListPlace {
  /** Length of the whole list. */
  readonly count: number;
  /** Condition on `t.id` that leaves out ranges of ids before the page, newest first, and how many units those have. */
  readonly start?: { readonly condition: Sql; readonly skipped: number };
}

/** Stands for artifacts among the types. */
const ARTIFACTS = 'core.artifact';

/** The list of all units of a domain, of one type or all, at an offset of its default order. */
export async function placeInContent(
  db: Queryable,
  domainId: number,
  pulpType: string | undefined,
  offset: number,
): Promise<ListPlace> {
  const types = pulpType === undefined ? sql`pulp_type <> ${ARTIFACTS}` : sql`pulp_type = ${pulpType}`;
  return await placeIn(db, domainId, types, offset);
}

/** Where a page of the list of all artifacts begins, from the counters of artifacts. */
export async function placeInArtifacts(db: Queryable, domainId: number, offset: number): Promise<ListPlace> {
  return await placeIn(db, domainId, sql`pulp_type = ${ARTIFACTS}`, offset);
}

async function placeIn(db: Queryable, domainId: number, types: Sql, offset: number): Promise<ListPlace> {
  const ranges = await db.rows<{ id_range: number; units: number; parts: number }>(sql`
    select id_range, sum(units)::bigint as units, count(*)::int as parts from content_count
      where domain_id = ${domainId} and ${types} group by id_range order by id_range desc`);
  if (ranges.reduce((sum, { parts }) => sum + parts, 0) > MANY + ranges.length) await sumUp(db, domainId);
  const count = ranges.reduce((sum, { units }) => sum + units, 0);
  let skipped = 0;
  for (const { id_range, units } of ranges) {
    if (skipped + units > offset) {
      const end = (id_range + 1) * 2 ** RANGE_BITS;
      return { count, ...(skipped > 0 && { start: { condition: sql`t.id < ${end}`, skipped } }) };
    }
    skipped += units;
  }
  return { count };
}

/** Replaces many rows by their sums. Two at once are harmless: each row is taken away by one of them. */
async function sumUp(db: Queryable, domainId: number): Promise<void> {
  await db.run(sql`
    with gone as (delete from content_count where domain_id = ${domainId} returning *)
    insert into content_count select domain_id, pulp_type, id_range, sum(units) from gone
      group by 1, 2, 3 having sum(units) <> 0`);
}
