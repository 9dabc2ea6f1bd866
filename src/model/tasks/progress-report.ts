/** Reports of the progress of tasks. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

export interface ReportRow {
  readonly pulp_id: string;
  readonly message: string;
  readonly code: string;
  readonly suffix: string | null;
  readonly state: string;
  readonly total: number | null;
  readonly done: number;
}

/** Writes reports of a task only while it is held under the lease. */
export async function putReports(
  db: Queryable,
  task: { readonly id: number; readonly pulpId: string; readonly lease: number },
  rows: readonly ReportRow[],
): Promise<void> {
  await db.run(sql`
    insert into progress_report (pulp_id, task_id, message, code, state, total, done, suffix)
      select r.pulp_id, ${task.pulpId}::uuid, r.message, r.code, r.state, r.total, r.done, r.suffix
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (pulp_id uuid, message text, code text, state text, total bigint,
          done bigint, suffix text)
        where exists (select from task where id = ${task.id} and lease = ${task.lease} and state in ('running', 'canceling'))
        order by r.pulp_id
      on conflict (pulp_id) do update set state = excluded.state, total = excluded.total, done = excluded.done`);
}
