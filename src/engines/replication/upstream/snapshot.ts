/** Reads what upstream serves: its distributions of all types that can be replicated, and exactly what each serves now. */

import type { Replica, Replicator, UpstreamSource } from '../../../plugin-api/contracts/replicate.ts';
import type { Values } from '../../../plugin-api/declare/field.ts';
import type { Wanted } from '../plan/plan-types.ts';
import type { ReplicaCheck } from '../replication-parts.ts';
import { foreignTypes, type ReplicatedTypes } from './foreign-types.ts';
import { listPath, type Served, servedAtPeer, servedHere } from './served.ts';
import type { UpstreamApi } from './upstream-api.ts';

export interface SnapshotOptions extends ReplicatedTypes {
  readonly check: ReplicaCheck;
  /** Id of the guard here that stands for one of upstream; undefined when there is none. */
  readonly guard?: (href: string) => Promise<{ id: string } | { missing: string }>;
}

export interface Snapshot {
  readonly wanted: readonly Wanted[];
  /** Distributions that serve nothing at present. */
  readonly idle: readonly { readonly type: string; readonly name: string; readonly href: string }[];
  /** Types that upstream can have. */
  readonly covered: readonly Replicator[];
  /** Types that upstream has no package type for. */
  readonly uncovered: readonly Replicator[];
}

const FIELDS = [
  'pulp_href',
  'pulp_last_updated',
  'name',
  'base_path',
  'base_url',
  'content_guard',
  'hidden',
  'pulp_labels',
  'repository',
  'repository_version',
  'publication',
  'checkpoint',
  // told by servers of our kind only, in the same statement as the rest
  'served',
];

export async function takeSnapshot(api: UpstreamApi, options: SnapshotOptions): Promise<Snapshot> {
  const components = await api.components();
  const isThere = ({ distribution }: Replicator) => components.has(distribution.app);
  const covered = options.replicators.filter(isThere);
  const wanted: Wanted[] = [];
  const idle: Snapshot['idle'][number][] = [];
  for (const replicator of covered) {
    const read = await readType(api, replicator, options);
    wanted.push(...read.wanted);
    idle.push(...read.idle);
  }
  wanted.push(...(await foreignTypes(api, components, options)));
  return { wanted, idle, covered, uncovered: options.replicators.filter((one) => !isThere(one)) };
}

async function readType(api: UpstreamApi, replicator: Replicator, options: SnapshotOptions) {
  const path = listPath(options.models, replicator, 'distribution');
  const fields = [...FIELDS, ...(replicator.distributionFields ?? [])].join(',');
  const query = { fields, ...(options.q ? { q: options.q } : {}) };
  const rows = await api.list(path, query, (row) =>
    JSON.stringify([row.pulp_href, row.name, row.base_path, row.served]),
  );
  const ours = rows.every((row) => 'served' in row);
  const served = ours
    ? new Map(rows.map((row) => [row, servedHere(row)]))
    : await servedAtPeer(api, replicator, options.models, rows);
  const wanted: Wanted[] = [];
  const idle: Snapshot['idle'][number][] = [];
  for (const row of rows) {
    const found = served.get(row);
    const name = String(row.name);
    if (found || row.checkpoint === true) wanted.push(await wantedOf(api, replicator, row, found ?? null, options));
    else idle.push({ type: replicator.distribution.pulpType, name, href: String(row.pulp_href) });
  }
  return { wanted, idle };
}

async function wantedOf(
  api: UpstreamApi,
  replicator: Replicator,
  row: Values,
  served: Served | null,
  options: SnapshotOptions,
): Promise<Wanted> {
  const source: UpstreamSource = {
    distribution: row,
    baseUrl: `${api.absolute(String(row.base_url)).replace(/\/+$/, '')}/`,
    server: api.upstream.baseUrl,
    repository: served?.repository ?? {},
    publication: served?.publication ?? null,
  };
  const replica = replicator.express(source);
  const guard = await guardOf(row, options);
  const href = String(row.pulp_href);
  const text = (name: string) => (source.repository[name] as string | null | undefined) ?? null;
  const whole = (name: string) => (source.repository[name] as number | null | undefined) ?? null;
  const can = 'unsupported' in replica ? undefined : replica;
  const { policy, ...details } = can?.remote ?? {};
  const chosen = api.upstream.remotePolicy ?? (policy as string | undefined);
  const watermark = served?.watermark ?? '';
  const unsupported =
    'unsupported' in replica ? replica.unsupported : (guard.missing ?? refusalOf(source, replicator, replica, options));
  return {
    key: `${replicator.distribution.pulpType}:${href}`,
    href,
    type: replicator.distribution.pulpType,
    name: String(row.name),
    basePath: String(row.base_path),
    labels: (row.pulp_labels ?? {}) as Wanted['labels'],
    hidden: row.hidden === true,
    ...('id' in guard && { guard: guard.id }),
    details: can?.distribution ?? {},
    repositoryType: replicator.repository.pulpType,
    repository: {
      description: text('description'),
      retain_repo_versions: whole('retain_repo_versions'),
      retain_checkpoints: whole('retain_checkpoints'),
      details: can?.repository ?? {},
    },
    remoteType: replicator.remote.pulpType,
    remote: { url: can?.url ?? '', details, ...(chosen && { policy: chosen }) },
    sync: can?.sync ?? {},
    watermark,
    revision: JSON.stringify([
      watermark,
      row.name,
      row.base_path,
      row.base_url,
      row.pulp_last_updated,
      row.pulp_labels,
    ]),
    counts: served?.counts ?? null,
    version: served?.version ?? null,
    versionHref: served?.versionHref ?? null,
    unsupported,
  };
}

/** Upstream may tell what no request could set. */
function refusalOf(
  { distribution, repository }: UpstreamSource,
  replicator: Replicator,
  replica: Replica,
  { check }: SnapshotOptions,
): string | undefined {
  const { name, base_path, pulp_labels = {}, hidden = false } = distribution;
  const { description = null, retain_repo_versions = null, retain_checkpoints = null } = repository;
  const errors = check(replicator, {
    distribution: { name, base_path, pulp_labels, hidden, ...replica.distribution },
    repository: { description, retain_repo_versions, retain_checkpoints, ...replica.repository },
    remote: { url: replica.url, ...replica.remote },
  });
  return errors.length === 0 ? undefined : `it has values that cannot be set here: ${errors.join('; ')}`;
}

/** The guard here for that of upstream: left alone unless guards are to be copied. */
async function guardOf(row: Values, { guard }: SnapshotOptions): Promise<{ id?: string | null; missing?: string }> {
  if (!guard) return {};
  if (typeof row.content_guard !== 'string') return { id: null };
  return await guard(row.content_guard);
}
