/** Removes repositories and remotes that a switch has left without use. */
import type { Transaction } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { TaskContext, TaskFunction } from '../plugin-api/task.ts';

export const CLEAN_UP = 'pulpcore.app.tasks.replica.clean_up_replication';

export interface CleanUpArgs {
  readonly repositories: readonly string[];
  readonly remotes: readonly string[];
}

/** Everything that goes is locked, so that no sync works on it. */
export async function cleanUpLocks({ db, models }: TaskContext, args: CleanUpArgs): Promise<string[]> {
  const rows = await db.rows<{ master: string; type: string; id: string }>(sql`
    select 'repository' as master, pulp_type as type, pulp_id as id from repository where pulp_id = any(${args.repositories}::uuid[])
    union all select 'remote', pulp_type, pulp_id from remote where pulp_id = any(${args.remotes}::uuid[])`);
  return rows.map(({ master, type, id }) => models.prnOfType(master, type, id));
}

export const cleanUpTask: TaskFunction = {
  name: CLEAN_UP,
  async run(context, { repositories, remotes }: CleanUpArgs) {
    for (const id of repositories) await context.write((tx) => deleteRepository(tx, id));
    await context.write((tx) => deleteRemotes(tx, remotes));
  },
};

/** Left alone when somebody has begun to serve it meanwhile. */
async function deleteRepository(tx: Transaction, pulpId: string): Promise<void> {
  const row = await tx.row<{ id: number }>(sql`select id from repository r where pulp_id = ${pulpId}
    and not exists (select from distribution d where d.repository_id = r.pulp_id)
    and not exists (select from distribution d join repository_version v on v.pulp_id = d.repository_version_id where v.repository_id = r.id)
    and not exists (select from distribution d join publication p on p.pulp_id = d.publication_id
      join repository_version v on v.pulp_id = p.repository_version_id where v.repository_id = r.id)
    for update`);
  if (!row) return;
  await tx.run(sql`delete from repository_content where repository_id = ${row.id}`);
  await tx.run(sql`delete from repository where id = ${row.id}`);
}

async function deleteRemotes(tx: Transaction, ids: readonly string[]): Promise<void> {
  const rows = await tx.rows<{ pulp_id: string }>(sql`select pulp_id from remote m where pulp_id = any(${ids}::uuid[])
    and not exists (select from repository r where r.remote_id = m.pulp_id)
    and not exists (select from distribution d where d.remote_id = m.pulp_id)
    and not exists (select from alternate_content_source s where s.remote_id = m.pulp_id) for update`);
  const free = rows.map(({ pulp_id }) => pulp_id);
  await tx.run(sql`delete from remote_artifact where remote_id = any(${free}::uuid[])`);
  await tx.run(sql`delete from remote where pulp_id = any(${free}::uuid[])`);
}
