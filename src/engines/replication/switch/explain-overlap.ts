/** Names what the database refused at a switch: distributions that came between plan and switch. */
import { sql } from '../../../db/sql.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';
import type { DistributionChange } from './activate.ts';

interface Other {
  readonly name: string;
  readonly base_path: string;
  readonly pulp_type: string;
  readonly owner: string | null;
  readonly wanted: string;
  readonly wanted_path: string;
}

export async function explainOverlap(context: TaskContext, changes: readonly DistributionChange[]): Promise<string[]> {
  const wanted = changes.flatMap(({ after }) => (after ? [{ name: after.name, path: after.base_path }] : []));
  const ids = changes.map(({ id }) => id);
  const others = await context.db.rows<Other>(sql`
    select d.name, d.base_path, d.pulp_type, u.name as owner, w.name as wanted, w.path as wanted_path
    from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as w (name text, path text)
    join distribution d on d.domain_id = ${context.domain.id} and d.pulp_id <> all(${ids}::uuid[])
      and (d.name = w.name or d.base_path = w.path or starts_with(d.base_path, w.path || '/') or starts_with(w.path, d.base_path || '/'))
    left join upstream_pulp u on u.pulp_id::text = d.pulp_labels ->> 'UpstreamPulp' and u.domain_id = d.domain_id
    order by w.name, d.name`);
  if (others.length === 0)
    return ['names or base paths were taken while the switch was made; run the replication again'];
  return others.map(
    (one) =>
      `'${one.wanted}' at '${one.wanted_path}' overlaps with the ${one.pulp_type} distribution '${one.name}' at '${one.base_path}'` +
      `, which ${one.owner ? `upstream '${one.owner}' has brought` : 'was made here'} since; move or delete one of them, or leave it out with q_select`,
  );
}
