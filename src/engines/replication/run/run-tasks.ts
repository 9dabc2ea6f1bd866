/** The tasks of a run by name, and what each holds while it runs. */
import { sql } from '../../../db/sql.ts';
import type { Stores } from '../../../model/replication/kept-stores.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';
import { prn } from '../../../plugin-api/declare/model.ts';

export const REPLICATE = 'pulpcore.app.tasks.replica.replicate_distributions';
export const FINALIZE = 'pulpcore.app.tasks.replica.finalize_replication';
export const CLEAN_UP = 'pulpcore.app.tasks.replica.clean_up_replication';
export const ROLL_BACK = 'pulpcore.app.tasks.replica.roll_back_replication';

export function upstreamPrn(id: string): string {
  return prn('core.upstreampulp', id);
}

/** Planning keeps other plans of the domain away; a later round waits for the syncs of the one before. */
export function advanceLocks(domainPulpId: string, upstreamId: string) {
  return { exclusive: [`pdrn:${domainPulpId}:servers`, upstreamPrn(upstreamId)] };
}

/** A switch is alone with the distributions of its domain. */
export function finalizeLocks(domainPulpId: string, upstreamId: string) {
  return { exclusive: [upstreamPrn(upstreamId), `pdrn:${domainPulpId}:distributions`] };
}

/** Everything that goes is locked, so that no sync works on it. */
export async function cleanUpLocks({ db, models }: TaskContext, args: Stores): Promise<string[]> {
  const rows = await db.rows<{ master: string; type: string; id: string }>(sql`
    select 'repository' as master, pulp_type as type, pulp_id as id from repository where pulp_id = any(${args.repositories}::uuid[])
    union all select 'remote', pulp_type, pulp_id from remote where pulp_id = any(${args.remotes}::uuid[])`);
  return rows.map(({ master, type, id }) => models.prnOfType(master, type, id));
}
