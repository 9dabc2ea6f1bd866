/** What distributions serve at this moment, said once: for requests, for servers that replicate from here, for operators. */
import type { Queryable } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';

/**
 * A row of `publication`: the newest of the highest published version of a repository, an expression for its bigint id. `fits` is a
 * condition on that version, `v`. Limits and `offset 0` let the planner walk indexes backwards instead of sorting.
 */
const newestPublished = (repository: Sql, fits: Sql) => sql`
    select p.* from (select * from repository_version where repository_id = ${repository} and complete order by number desc offset 0) v
      cross join lateral (select * from publication where repository_version_id = v.pulp_id and complete order by pulp_id desc limit 1) p
      where ${fits} order by v.number desc limit 1`;

/** A row of `publication`, or none: the one set on distribution `d`, or of the version set on it the pinned one, else the newest. */
export const setPublication = sql.raw(`
    (select p.* from publication p where p.pulp_id = d.publication_id and p.complete)
    union all
    (select p.* from publication p where d.publication_id is null and p.repository_version_id = d.repository_version_id
      and p.complete order by (p.pulp_id = d.pinned_publication_id) desc nulls last, p.pulp_id desc limit 1)`);

/**
 * A row of `publication`, or none: what distribution `d` serves if it is of a type that serves publications and has no checkpoints.
 * `repository` is an expression for the bigint id of the repository it follows, `fits` a condition on that one's version `v`.
 */
export const publicationServed = (repository: Sql = followed, fits: Sql = always) => sql`
  select p.* from (${setPublication}
    union all
    (${newestPublished(repository, sql`d.publication_id is null and d.repository_version_id is null and ${fits}`)})
  ) p limit 1`;

const followed = sql.raw('(select id from repository where pulp_id = d.repository_id)');
const always = sql.raw('true');

/** A row of `repository_version`, or none: what distribution `d` serves if it is of a type that serves versions themselves. */
export const versionServed = (repository: Sql = followed) => sql`
  select v.* from (
    (select v.* from publication p join repository_version v on v.pulp_id = p.repository_version_id
      where p.pulp_id = d.publication_id and p.complete)
    union all
    (select v.* from repository_version v where d.publication_id is null and v.pulp_id = d.repository_version_id and v.complete)
    union all
    (select v.* from repository_version v where d.publication_id is null and d.repository_version_id is null
      and v.repository_id = ${repository} and v.complete order by v.number desc limit 1)
  ) v limit 1`;

/** The publication that a distribution serves, by their ids; undefined for one that serves none. */
export async function publicationOf(db: Queryable, distributionId: string): Promise<string | undefined> {
  const row = await db.row<{ pulp_id: string }>(sql`
    select p.pulp_id from distribution d cross join lateral (${publicationServed()}) p where d.pulp_id = ${distributionId}::uuid`);
  return row?.pulp_id;
}
