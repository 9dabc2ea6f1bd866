/** The task that compares the counters of versions with their memberships, and corrects them (Pulp's data repair 7272). */
import { sql } from '../../../db/sql.ts';
import { inVersion, versionRow } from '../../../model/repositories/membership.ts';
import { setPresentCounts } from '../../../model/repositories/repository-version.ts';
import type { TaskContext, TaskFunction } from '../../../plugin-api/contracts/task.ts';

export const REPAIR_COUNTS = 'pulpcore.app.tasks.datarepair.repair_7272';
/** Repositories looked at in one statement. */
const BATCH = 20;

interface WrongVersion {
  readonly id: number;
  readonly counted: object;
}

export const repairCountsTask: TaskFunction = {
  name: REPAIR_COUNTS,
  async run(context, args: { dry_run: boolean }) {
    const { db, domain, signal } = context;
    const repositories = await db.rows<{ id: number }>(
      sql`select id from repository where domain_id = ${domain.id} order by id`,
    );
    const open = (message: string, code: string) =>
      context.progress({ message, code: `repair.7272.${code}`, total: 0 });
    const checked = open('Repositories checked', 'repos_checked');
    const versions = open('Repository versions checked', 'versions_checked');
    const fixed = open('Repository versions fixed', 'versions_fixed');
    checked.total = repositories.length;
    for (let at = 0; at < repositories.length; at += BATCH) {
      signal.throwIfAborted();
      const ids = repositories.slice(at, at + BATCH).map(({ id }) => id);
      const { count, wrong } = await findWrong(context, ids);
      versions.total = (versions.total ?? 0) + count;
      versions.add(count);
      checked.add(ids.length);
      fixed.total = (fixed.total ?? 0) + wrong.length;
      if (!args.dry_run && wrong.length > 0) fixed.add(await context.write((tx) => setPresentCounts(tx, wrong)));
    }
    for (const report of [checked, versions, fixed]) report.finish();
    return null;
  },
};

async function findWrong(
  { db }: TaskContext,
  ids: readonly number[],
): Promise<{ count: number; wrong: WrongVersion[] }> {
  const rows = await db.rows<WrongVersion & { is_wrong: boolean }>(sql`
    select v.id, present.counted, coalesce(v.counts -> 'present', '{}') <> present.counted as is_wrong
      from repository_version v cross join lateral (
        select coalesce(jsonb_object_agg(of_type.pulp_type, of_type.count), '{}') as counted from (
          select c.pulp_type, count(*) as count from repository_content rc join content c on c.id = rc.content_id
            where ${inVersion(versionRow('v'))} group by c.pulp_type) of_type) present
      where v.complete and v.repository_id = any(${ids}::bigint[])`);
  return { count: rows.length, wrong: rows.filter((row) => row.is_wrong) };
}
