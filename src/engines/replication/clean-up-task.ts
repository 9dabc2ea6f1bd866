/** Puts away the repositories and remotes that a switch has left without use. */
import { sql } from '../../db/sql.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import { deleteRemotes, putAway, type Stores } from './keep-for-rollback.ts';

export const CLEAN_UP = 'pulpcore.app.tasks.replica.clean_up_replication';

/** Everything that goes is locked, so that no sync works on it. */
export async function cleanUpLocks({ db, models }: TaskContext, args: Stores): Promise<string[]> {
  const rows = await db.rows<{ master: string; type: string; id: string }>(sql`
    select 'repository' as master, pulp_type as type, pulp_id as id from repository where pulp_id = any(${args.repositories}::uuid[])
    union all select 'remote', pulp_type, pulp_id from remote where pulp_id = any(${args.remotes}::uuid[])`);
  return rows.map(({ master, type, id }) => models.prnOfType(master, type, id));
}

export const cleanUpTask: TaskFunction = {
  name: CLEAN_UP,
  async run(context, { repositories, remotes }: Stores) {
    for (const id of repositories) await context.write((tx) => putAway(tx, id));
    await context.write((tx) => deleteRemotes(tx, remotes));
  },
};
