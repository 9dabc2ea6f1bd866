/** Upstreams with the same owner_key share repositories: their runs stage one after the other. */
import type { Queryable } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { Upstream } from './upstream.ts';

/** Ids of those that are staging at present, as long as tasks of theirs are left. */
export async function friendsUnderWay(db: Queryable, upstream: Upstream): Promise<string[]> {
  if (upstream.ownerKey === null) return [];
  const rows = await db.rows<{ id: string }>(sql`
    select distinct u.pulp_id as id from upstream_pulp u join replication_run n on n.upstream_id = u.pulp_id
      where u.domain_id = ${upstream.domainId} and u.owner_key = ${upstream.ownerKey} and u.pulp_id <> ${upstream.id}
        and n.state = 'staging' and exists (select from task t where t.task_group_id = n.task_group_id
          and t.state in ('waiting', 'running', 'canceling'))`);
  return rows.map(({ id }) => id);
}
