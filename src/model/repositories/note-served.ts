/** Notes which publication each distribution serves: what it served before answers for a grace period. */
import type { Queryable, Transaction } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { announceChanges } from './distribution-change.ts';
import { publicationServed, setPublication } from './served.ts';

/**
 * Distributions of these ids were made or changed: notes what is set on them, and tells the processes that serve them. What a
 * repository gives them is noted by the publish task and by the first request that meets it.
 */
export async function noteServed(tx: Transaction, ids: readonly string[]): Promise<void> {
  await announceChanges(tx, sql`d.pulp_id = any(${ids}::uuid[])`);
  await note(
    tx,
    sql`select d.pulp_id, p.pulp_id as publication_id from distribution d
      cross join lateral (select p.* from (${setPublication}) p limit 1) p where d.pulp_id = any(${ids}::uuid[])`,
  );
}

/** Something was published in a repository: notes what the distributions that follow it serve now. */
export async function noteRepositoryServed(tx: Transaction, repositoryId: number): Promise<void> {
  await note(
    tx,
    sql`select d.pulp_id, p.pulp_id as publication_id from repository f join distribution d on d.repository_id = f.pulp_id
      cross join lateral (${publicationServed(sql.raw('f.id'))}) p where f.id = ${repositoryId} and not d.checkpoint`,
  );
}

/**
 * A request met a publication: it counts as served from now on, as one that nobody saw needs no grace. Forgets those served until
 * `keep` seconds ago.
 */
export async function noteSeen(
  db: Queryable,
  distributionId: string,
  publicationId: string,
  keep: number,
): Promise<void> {
  await note(
    db,
    sql`select ${distributionId}::uuid as pulp_id, ${publicationId}::uuid as publication_id`,
    sql`, expired as (delete from distributed_publication where distribution_id = ${distributionId}
      and served_until < now() - make_interval(secs => ${keep}))`,
  );
}

/**
 * `served` gives distributions with the publication that each serves. The former one was served until this one was made or the
 * distribution was pointed at it, which may be a while ago.
 */
async function note(db: Queryable, served: Sql, more: Sql = sql.empty): Promise<void> {
  await db.run(sql`with served as (${served}),
      ended as (
        update distributed_publication dp set served_until = least(now(), greatest(p.pulp_last_updated, d.pulp_last_updated))
        from served s join distribution d on d.pulp_id = s.pulp_id join publication p on p.pulp_id = s.publication_id
        where dp.distribution_id = s.pulp_id and dp.publication_id <> s.publication_id and dp.served_until is null)${more}
    insert into distributed_publication (distribution_id, publication_id) select pulp_id, publication_id from served
      on conflict (distribution_id, publication_id) do update set served_until = null
        where distributed_publication.served_until is not null`);
}
