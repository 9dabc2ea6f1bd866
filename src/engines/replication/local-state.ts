/** Reads what a plan is compared with: the distributions, repositories, remotes and holdings of a domain. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { statesIn } from '../../model/replication/run-states.ts';
import type { Values } from '../../plugin-api/declare/field.ts';
import type {
  Claim,
  Holding,
  Labels,
  LocalDistribution,
  LocalRemote,
  LocalRepository,
  LocalState,
  PlannedUpstream,
} from './plan/plan-types.ts';

/** One statement for each kind of object, however many there are. */
export async function readLocalState(db: Queryable, domainId: number, upstreamId: string): Promise<LocalState> {
  const [distributions, repositories, remotes, holdings, claims, others] = await Promise.all([
    readDistributions(db, domainId),
    readRepositories(db, domainId),
    readRemotes(db, domainId),
    readHoldings(db, domainId),
    readClaims(db, domainId, upstreamId),
    readOthers(db, domainId, upstreamId),
  ]);
  return { distributions, repositories, remotes, holdings, claims, others };
}

function readDistributions(db: Queryable, domainId: number): Promise<LocalDistribution[]> {
  return db.rows<LocalDistribution>(sql`
    select d.pulp_id as id, d.pulp_type as type, d.name, d.base_path as "basePath", d.pulp_labels as labels, d.hidden,
      d.content_guard_id as guard, d.details, d.repository_id as "repositoryId", d.repository_version_id as "versionId",
      d.publication_id as "publicationId", d.pinned_publication_id as "pinnedId",
      coalesce(d.repository_id, r.pulp_id) as "behindId"
    from distribution d
    left join publication p on p.pulp_id = d.publication_id
    left join repository_version v on v.pulp_id = coalesce(d.repository_version_id, p.repository_version_id)
    left join repository r on r.id = v.repository_id
    where d.domain_id = ${domainId} order by d.pulp_id`);
}

async function readRepositories(db: Queryable, domainId: number): Promise<LocalRepository[]> {
  const rows = await db.rows<Values & { labels: Labels }>(sql`
    select pulp_id as id, pulp_type as type, name, pulp_labels as labels, description, retain_repo_versions,
      retain_checkpoints, details - 'last_sync_details' as details, remote_id, user_hidden
    from repository where domain_id = ${domainId} order by pulp_id`);
  return rows.map((row) => ({
    id: String(row.id),
    type: String(row.type),
    name: String(row.name),
    labels: row.labels,
    fields: {
      description: row.description as string | null,
      retain_repo_versions: row.retain_repo_versions as number | null,
      retain_checkpoints: row.retain_checkpoints as number | null,
      details: row.details as Values,
    },
    remoteId: row.remote_id as string | null,
    internal: row.user_hidden === true,
  }));
}

async function readRemotes(db: Queryable, domainId: number): Promise<LocalRemote[]> {
  const rows = await db.rows<Values & { labels: Labels }>(sql`
    select m.pulp_id as id, m.pulp_type as type, m.name, m.pulp_labels as labels, m.url, m.policy, m.details,
      exists (select from distribution d where d.remote_id = m.pulp_id)
        or exists (select from alternate_content_source s where s.remote_id = m.pulp_id) as elsewhere
    from remote m where m.domain_id = ${domainId} and m.kept_for is null order by m.pulp_id`);
  return rows.map((row) => ({
    id: String(row.id),
    type: String(row.type),
    name: String(row.name),
    labels: row.labels,
    fields: { url: String(row.url), policy: String(row.policy), details: row.details as Values },
    usedElsewhere: row.elsewhere === true,
  }));
}

function readHoldings(db: Queryable, domainId: number): Promise<Holding[]> {
  return db.rows<Holding>(sql`
    select h.repository_id as "repositoryId", h.upstream_id as "upstreamId", h.remote_id as "remoteId",
      h.upstream_href as href, h.watermark, h.version_id as "versionId", h.publication_id as "publicationId",
      h.settings_generation as generation
    from replication_holding h join repository r on r.pulp_id = h.repository_id where r.domain_id = ${domainId}
    order by h.repository_id`);
}

/** Items of runs that are still going on, or wait to be activated. */
function readClaims(db: Queryable, domainId: number, upstreamId: string): Promise<Claim[]> {
  return db.rows<Claim>(sql`
    select n.upstream_id as "upstreamId", i.name, i.base_path as "basePath"
    from replication_run n join replication_item i on i.run_id = n.pulp_id
    where n.domain_id = ${domainId} and n.upstream_id <> ${upstreamId} and n.state in ${statesIn('open')}
      and i.object = 'distribution' and i.act not in ('delete', 'conflict', 'skipped')
      and (n.state = 'ready' or exists (select from task t where t.task_group_id = n.task_group_id
        and t.state in ('waiting', 'running', 'canceling')))`);
}

function readOthers(db: Queryable, domainId: number, upstreamId: string): Promise<PlannedUpstream[]> {
  return db.rows<PlannedUpstream>(sql`
    select pulp_id as id, name, owner_key as "ownerKey" from upstream_pulp
      where domain_id = ${domainId} and pulp_id <> ${upstreamId}`);
}
