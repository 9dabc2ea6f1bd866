/** Repositories and remotes that a switch has left without use: out of sight while the run can be taken back, then deleted. */
import type { Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { deleteWithParts } from '../repositories/sub-repository.ts';

export interface Stores {
  readonly repositories: readonly string[];
  readonly remotes: readonly string[];
}

/** Those of a domain whose run cannot be taken back any more. */
export async function noLongerKept(db: Queryable, domainId: number): Promise<Stores> {
  const ids = async (table: 'repository' | 'remote') => {
    const rows = await db.rows<{ id: string }>(sql`select pulp_id as id from ${sql.ident(table)} t
      where domain_id = ${domainId} and kept_for is not null
        and not exists (select from replication_pin p where p.run_id = t.kept_for)`);
    return rows.map(({ id }) => id);
  };
  return { repositories: await ids('repository'), remotes: await ids('remote') };
}

/** A repository that nothing serves: hidden with its remote when a run can return to one of its versions, else deleted. */
export async function putAway(tx: Transaction, pulpId: string): Promise<void> {
  const row = await tx.row<{ id: number; remote: string | null; run: string | null }>(sql`
    select r.id, r.remote_id as remote, (select p.run_id from replication_pin p join repository_version v on v.pulp_id = p.version_id
        where v.repository_id = r.id limit 1) as run
      from repository r where r.pulp_id = ${pulpId}
        and not exists (select from distribution d where d.repository_id = r.pulp_id)
        and not exists (select from distribution d
          join repository_version v on v.pulp_id = d.repository_version_id where v.repository_id = r.id)
        and not exists (select from distribution d join publication p on p.pulp_id = d.publication_id
          join repository_version v on v.pulp_id = p.repository_version_id where v.repository_id = r.id)
      for update of r`);
  if (!row) return;
  if (row.run === null) return await deleteWithParts(tx, [row.id]);
  await tx.run(sql`update repository set user_hidden = true, kept_for = ${row.run} where id = ${row.id}`);
  await tx.run(sql`update remote m set kept_for = ${row.run} where pulp_id = ${row.remote}
    and not exists (select from repository r where r.remote_id = m.pulp_id and not r.user_hidden)
    and not exists (select from distribution d where d.remote_id = m.pulp_id)
    and not exists (select from alternate_content_source s where s.remote_id = m.pulp_id)`);
}

/** But not those that something uses. */
export async function deleteRemotes(tx: Transaction, ids: readonly string[]): Promise<void> {
  const rows = await tx.rows<{ pulp_id: string }>(sql`select pulp_id from remote m where pulp_id = any(${ids}::uuid[])
    and not exists (select from repository r where r.remote_id = m.pulp_id)
    and not exists (select from distribution d where d.remote_id = m.pulp_id)
    and not exists (select from alternate_content_source s where s.remote_id = m.pulp_id) for update`);
  const free = rows.map(({ pulp_id }) => pulp_id);
  await tx.run(sql`delete from remote_artifact where remote_id = any(${free}::uuid[])`);
  await tx.run(sql`delete from remote where pulp_id = any(${free}::uuid[])`);
}

/** Those that a run has removed are there again, under their names where those are free. */
export async function bringBack(tx: Transaction, runId: string): Promise<void> {
  for (const table of ['remote', 'repository'] as const) {
    const shown = table === 'repository' ? sql`, user_hidden = false` : sql.empty;
    await tx.run(sql`update ${sql.ident(table)} t set kept_for = null${shown}, name =
        case when exists (select from ${sql.ident(table)} o where o.domain_id = t.domain_id and o.name = i.name) then t.name else i.name end
      from replication_item i where i.run_id = ${runId} and i.state = 'active' and i.act = 'delete' and i.object = ${table}
        and t.pulp_id::text = i.target ->> 'id'`);
  }
}

/** With an upstream go its runs, and with them what was kept for them. */
export async function dropKept(tx: Transaction, upstreamId: string): Promise<void> {
  const of = sql`kept_for in (select pulp_id from replication_run where upstream_id = ${upstreamId})`;
  const repositories = await tx.rows<{ id: number }>(sql`select id from repository where ${of} for update`);
  await deleteWithParts(
    tx,
    repositories.map(({ id }) => id),
  );
  const remotes = await tx.rows<{ pulp_id: string }>(sql`select pulp_id from remote where ${of}`);
  await deleteRemotes(
    tx,
    remotes.map(({ pulp_id }) => pulp_id),
  );
}
