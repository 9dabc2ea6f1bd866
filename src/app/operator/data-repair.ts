/** Finds and repairs states of the database that no run of the server should leave. */

import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { rotateKeys } from '../../engines/backup/rotate-keys.ts';
import { inVersion, versionRow } from '../../model/repositories/membership.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import { OperatorError } from './operator-error.ts';
import { removeStrayFiles } from './stray-files.ts';

export interface RepairOutcome {
  /** How many rows are wrong, or were before they were repaired. */
  readonly found: number;
  readonly repaired: number;
  readonly text: string;
}

type Repair = (services: Services, dryRun: boolean) => Promise<RepairOutcome>;

/** Counts of versions that are not those of their memberships. */
const counts: Repair = async ({ db }, dryRun) => {
  const wrong = sql`
    with present as (
      select v.id, coalesce(jsonb_object_agg(of_type.pulp_type, of_type.count) filter (where of_type.count > 0), '{}') as counted
        from repository_version v left join lateral (
          select c.pulp_type, count(*) as count from repository_content rc join content c on c.id = rc.content_id
            where ${inVersion(versionRow('v'))} group by c.pulp_type) of_type on true
        where v.complete group by v.id)
    select present.id, present.counted from present join repository_version v on v.id = present.id
      where coalesce(v.counts -> 'present', '{}') <> present.counted`;
  if (dryRun) return outcome((await db.rows(wrong)).length, 0, 'versions with wrong counts');
  const repaired = await db.run(sql`update repository_version v
    set counts = jsonb_set(v.counts, '{present}', wrong.counted) from (${wrong}) wrong where v.id = wrong.id`);
  return outcome(repaired, repaired, 'versions with wrong counts');
};

/** Memberships of units that are gone. */
const memberships: Repair = async ({ db }, dryRun) => {
  const lost = sql`not exists (select from content c where c.id = rc.content_id)`;
  const { count } = (await db.row<{ count: number }>(
    sql`select count(*) as count from repository_content rc where ${lost}`,
  ))!;
  const repaired = dryRun ? 0 : await db.run(sql`delete from repository_content rc where ${lost}`);
  return outcome(count, repaired, 'memberships of content that is gone');
};

/** Numbers of versions that would be given twice. */
const numbers: Repair = async ({ db }, dryRun) => {
  const newest = sql`(select max(v.number) + 1 from repository_version v where v.repository_id = r.id)`;
  const { count } = (await db.row<{ count: number }>(
    sql`select count(*) as count from repository r where r.next_version < ${newest}`,
  ))!;
  const repaired = dryRun
    ? 0
    : await db.run(sql`update repository r set next_version = ${newest} where r.next_version < ${newest}`);
  return outcome(count, repaired, 'repositories whose next version exists');
};

/** Secrets that no key can read; they can only be set anew. */
const secrets: Repair = async ({ db, secrets: keys }) => {
  const { unreadable } = await rotateKeys(db as Database, keys, true);
  const places = [...new Set(unreadable)].join(', ');
  return outcome(
    unreadable.length,
    0,
    `secrets that no key can read${places === '' ? '' : ` (${places}): set them anew`}`,
  );
};

/** Bytes that nothing names take room and do no other harm. */
const files: Repair = async (services, dryRun) => {
  const { found, removed } = await removeStrayFiles(services, dryRun);
  return outcome(found, removed, 'stored files and uploads that no row names');
};

const repairs: Readonly<Record<string, Repair>> = { counts, files, memberships, numbers, secrets };

/** The peer's numbers, and which of ours looks after the same. */
const peerIssues: Readonly<Record<string, string>> = {
  '2327': 'secrets',
  '7272': 'counts',
  '7465': 'memberships',
  '8067': 'numbers',
};

/** Throws OperatorError for an issue that is not known. */
export async function repairData(services: Services, issue: string, dryRun: boolean): Promise<RepairOutcome> {
  const repair = repairs[peerIssues[issue] ?? issue];
  if (repair) return await repair(services, dryRun);
  const known = [...Object.keys(repairs), ...Object.keys(peerIssues)];
  throw new OperatorError(`There is no issue ${issue}; there are ${known.join(', ')}.`);
}

function outcome(found: number, repaired: number, text: string): RepairOutcome {
  return { found, repaired, text };
}
