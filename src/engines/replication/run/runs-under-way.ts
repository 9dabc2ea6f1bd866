/** Runs of one upstream, and of those that share its owner_key, stage one after the other: they write to the same repositories. */
import type { Queryable } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** Ids of the upstreams of other runs that are staging at present, as long as tasks of theirs are left. */
export async function stagingAlready(db: Queryable, upstream: Upstream, runId: string): Promise<string[]> {
  const rows = await db.rows<{ id: string }>(sql`
    select distinct u.pulp_id as id from upstream_pulp u join replication_run n on n.upstream_id = u.pulp_id
      where u.domain_id = ${upstream.domainId} and (u.pulp_id = ${upstream.id} or u.owner_key = ${upstream.ownerKey})
        and n.pulp_id <> ${runId} and n.state = 'staging' and exists (select from task t
          where t.task_group_id = n.task_group_id and t.state in ('waiting', 'running', 'canceling'))`);
  return rows.map(({ id }) => id);
}
