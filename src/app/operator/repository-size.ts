/** How much room the content of repositories takes, over all of their versions and by version. */
import { presenterFor } from '../../api/engine/presenter.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { inVersion, versionRow } from '../../model/repositories/membership.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import { findByNames, findDomain } from './named-objects.ts';

interface SizeRequest {
  /** hrefs, PRNs or ids; all when empty. */
  readonly repositories: readonly string[];
  readonly domain?: string | undefined;
  readonly includeVersions: boolean;
  readonly includeOnDemand: boolean;
}

interface Sizes {
  'disk-size': number;
  'on-demand-size'?: number;
}

interface RepositorySize extends Sizes {
  name: string;
  href: string;
  versions?: ({ version: number } & Sizes)[];
}

interface Row {
  id: number;
  name: string;
  pulp_id: string;
  pulp_type: string;
  domain: { id: number; pulpId: string; name: string };
  disk: number;
  on_demand: number;
}

export async function repositorySizes(services: Services, request: SizeRequest): Promise<RepositorySize[]> {
  const ids =
    request.repositories.length > 0 ? await findByNames(services.db, 'repository', request.repositories) : null;
  const domain = request.domain === undefined ? null : await findDomain(services.db, request.domain);
  const rows = await services.db.rows<Row>(sql`
    select r.id, r.name, r.pulp_id, r.pulp_type, ${sizes(sql`true`)},
        json_build_object('id', d.id, 'pulpId', d.pulp_id, 'name', d.name) as domain
      from repository r join domain d on d.id = r.domain_id
      where ${ids === null ? sql`true` : sql`r.pulp_id = any(${ids}::uuid[])`}
        and ${domain === null ? sql`true` : sql`r.domain_id = ${domain.id}`} order by r.pulp_id`);
  const shown: RepositorySize[] = [];
  for (const row of rows) {
    shown.push({
      name: row.name,
      href: presenterFor(services, row.domain).hrefOfType('repository', row.pulp_type, row.pulp_id) ?? '',
      ...shownSizes(row, request),
      ...(request.includeVersions && { versions: await versionSizes(services, row.id, request) }),
    });
  }
  return shown;
}

async function versionSizes(services: Services, repository: number, request: SizeRequest) {
  const rows = await services.db.rows<{ number: number; disk: number; on_demand: number }>(sql`
    select v.number, ${sizes(inVersion(versionRow('v')))}
      from repository_version v join repository r on r.id = v.repository_id
      where v.repository_id = ${repository} and v.complete order by v.number`);
  return rows.map((row) => ({ version: row.number, ...shownSizes(row, request) }));
}

/** Equal bytes count once; of files that are only upstream the sizes that upstream told. */
function sizes(member: Sql): Sql {
  const files = sql`repository_content rc join content_artifact ca on ca.content_id = rc.content_id
    where rc.repository_id = r.id and ${member}`;
  return sql`
    (select coalesce(sum(a.size), 0)::bigint from artifact a
      where a.id in (select ca.artifact_id from ${files} and ca.artifact_id is not null)) as disk,
    (select coalesce(sum(one.size), 0)::bigint from (
      select max(ra.size) as size from (select distinct ca.id from ${files} and ca.artifact_id is null) missing
        join remote_artifact ra on ra.content_artifact_id = missing.id group by missing.id) one) as on_demand`;
}

function shownSizes(row: { disk: number; on_demand: number }, { includeOnDemand }: SizeRequest): Sizes {
  return { 'disk-size': row.disk, ...(includeOnDemand && { 'on-demand-size': row.on_demand }) };
}
