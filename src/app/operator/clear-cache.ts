/** Makes content processes forget what they remember of distributions. */

import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { announceChange } from '../../model/repositories/distribution-change.ts';
import { findByNames, findDomain } from './named-objects.ts';
import { OperatorError } from './operator-error.ts';

interface CacheScope {
  readonly repositories: readonly string[];
  readonly distributions: readonly string[];
  readonly basePaths: readonly string[];
  readonly domain?: string | undefined;
}

/** Answers how many distributions were named; undefined for all of them. */
export async function clearCache(db: Database, scope: CacheScope): Promise<number | undefined> {
  const { repositories, distributions, basePaths } = scope;
  if (scope.domain !== undefined) await findDomain(db, scope.domain);
  if (repositories.length + distributions.length + basePaths.length === 0 && scope.domain === undefined) {
    await announceChange(db);
    return undefined;
  }
  const ids = await distributionsIn(db, scope);
  for (const id of ids) await announceChange(db, id);
  return ids.length;
}

async function distributionsIn(db: Database, scope: CacheScope): Promise<string[]> {
  const { domain, repositories, distributions, basePaths } = scope;
  if (repositories.length + distributions.length + basePaths.length === 0) {
    const rows = await db.rows<{ pulp_id: string }>(sql`
      select x.pulp_id from distribution x join domain d on d.id = x.domain_id where d.name = ${domain}`);
    return rows.map((row) => row.pulp_id);
  }
  const ids = new Set(await findByNames(db, 'distribution', distributions, domain));
  const holders = await findByNames(db, 'repository', repositories, domain);
  const rows = await db.rows<{ pulp_id: string; base_path: string | null }>(sql`
    select x.pulp_id, case when x.base_path = any(${basePaths}::text[]) then x.base_path end as base_path
      from distribution x join domain d on d.id = x.domain_id
        left join repository_version v on v.pulp_id = x.repository_version_id
        left join publication p on p.pulp_id = x.publication_id
        left join repository_version pv on pv.pulp_id = p.repository_version_id
      where (x.base_path = any(${basePaths}::text[]) and ${domain === undefined ? sql`true` : sql`d.name = ${domain}`})
        or x.repository_id = any(${holders}::uuid[])
        or coalesce(v.repository_id, pv.repository_id) in (select id from repository where pulp_id = any(${holders}::uuid[]))`);
  const unknown = basePaths.find((path) => !rows.some((row) => row.base_path === path));
  if (unknown !== undefined) throw new OperatorError(`There is no distribution with the base path ${unknown}.`);
  for (const { pulp_id } of rows) ids.add(pulp_id);
  return [...ids];
}
