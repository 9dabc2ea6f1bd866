/** States of repositories that no run of the server should leave: found, and repaired where that is wanted. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { inVersion, versionRow } from './membership.ts';

export interface Damage {
  /** How many rows are wrong, or were before they were repaired. */
  readonly found: number;
  readonly repaired: number;
}

/** Counts of versions that are not those of their memberships. */
export async function repairCounts(db: Queryable, dryRun: boolean): Promise<Damage> {
  const wrong = sql`
    with present as (
      select v.id, coalesce(jsonb_object_agg(of_type.pulp_type, of_type.count) filter (where of_type.count > 0), '{}') as counted
        from repository_version v left join lateral (
          select c.pulp_type, count(*) as count from repository_content rc join content c on c.id = rc.content_id
            where ${inVersion(versionRow('v'))} group by c.pulp_type) of_type on true
        where v.complete group by v.id)
    select present.id, present.counted from present join repository_version v on v.id = present.id
      where coalesce(v.counts -> 'present', '{}') <> present.counted`;
  if (dryRun) return { found: (await db.rows(wrong)).length, repaired: 0 };
  const repaired = await db.run(sql`update repository_version v
    set counts = jsonb_set(v.counts, '{present}', wrong.counted) from (${wrong}) wrong where v.id = wrong.id`);
  return { found: repaired, repaired };
}

/** Memberships of units that are gone. */
export async function repairMemberships(db: Queryable, dryRun: boolean): Promise<Damage> {
  const lost = sql`not exists (select from content c where c.id = rc.content_id)`;
  const row = await db.row<{ count: number }>(sql`select count(*) as count from repository_content rc where ${lost}`);
  const repaired = dryRun ? 0 : await db.run(sql`delete from repository_content rc where ${lost}`);
  return { found: row!.count, repaired };
}

/** Numbers of versions that would be given twice. */
export async function repairNumbers(db: Queryable, dryRun: boolean): Promise<Damage> {
  const newest = sql`(select max(v.number) + 1 from repository_version v where v.repository_id = r.id)`;
  const row = await db.row<{ count: number }>(
    sql`select count(*) as count from repository r where r.next_version < ${newest}`,
  );
  const repaired = dryRun
    ? 0
    : await db.run(sql`update repository r set next_version = ${newest} where r.next_version < ${newest}`);
  return { found: row!.count, repaired };
}
