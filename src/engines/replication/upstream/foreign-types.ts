/** Distributions of upstream whose package type this server cannot replicate: found, so that nobody misses them in silence. */
import type { Replicator } from '../../../plugin-api/contracts/replicate.ts';
import type { Models } from '../../../plugin-api/declare/model.ts';
import type { Wanted } from '../plan/plan-types.ts';
import type { UpstreamApi } from './upstream-api.ts';

/** What is replicated of what upstream may have. */
export interface ReplicatedTypes {
  readonly replicators: readonly Replicator[];
  /** Names of the installed package types. */
  readonly installed: readonly string[];
  readonly models: Models;
  readonly q: string | null;
}

/** Asks for the list over all types only when upstream has package types that could have such distributions. */
export async function foreignTypes(
  api: UpstreamApi,
  components: ReadonlyMap<string, string>,
  { replicators, installed, models, q }: ReplicatedTypes,
): Promise<Wanted[]> {
  const replicated = new Set(replicators.map(({ distribution }) => distribution.app));
  const withDistributions = new Set(models.all.filter(({ table }) => table === 'distribution').map(({ app }) => app));
  const strange = [...components.keys()].filter((name) => {
    if (name === 'core' || replicated.has(name)) return false;
    return !installed.includes(name) || withDistributions.has(name);
  });
  if (strange.length === 0) return [];
  const query = { fields: 'pulp_href,name,base_path', ...(q ? { q } : {}) };
  const rows = await api.list('distributions/', query, (row) => String(row.pulp_href));
  return rows.flatMap((row) => {
    const href = String(row.pulp_href);
    const [app, type] = /\/distributions\/([^/]+)\/([^/]+)\//.exec(href)?.slice(1) ?? [];
    if (!app || !strange.includes(app)) return [];
    return [unknownWanted(href, `${app}.${type}`, app, String(row.name), String(row.base_path))];
  });
}

function unknownWanted(href: string, type: string, app: string, name: string, basePath: string): Wanted {
  return {
    key: `${type}:${href}`,
    href,
    type,
    name,
    basePath,
    labels: {},
    hidden: false,
    details: {},
    repositoryType: type,
    repository: { description: null, retain_repo_versions: null, retain_checkpoints: null, details: {} },
    remoteType: type,
    remote: { url: '', details: {} },
    sync: {},
    watermark: '',
    revision: '',
    counts: null,
    versionHref: null,
    missingPlugin: app,
  };
}
