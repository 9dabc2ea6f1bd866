/** The program as a value: everything that follows from the list of its package types, made once. */
import { fileURLToPath } from 'node:url';
import { AccessCatalogue } from '../../access/catalogue.ts';
import type { Endpoint } from '../../api/endpoints/endpoint.ts';
import { pluginEndpoint } from '../../api/endpoints/plugin-endpoint.ts';
import type { ComponentVersion } from '../../api/endpoints/status.ts';
import type { Declarations } from '../../config/setting.ts';
import { declarations as coreSettings } from '../../config/settings.ts';
import { coreMigrations, type MigrationSource } from '../../db/migrate.ts';
import type { ReplicationParts } from '../../engines/replication/replication-parts.ts';
import { ContentRegistry } from '../../engines/repository/content-registry.ts';
import type { GuardType } from '../../plugin-api/contracts/guard.ts';
import type { LiveApi } from '../../plugin-api/contracts/live.ts';
import type { Plugin } from '../../plugin-api/contracts/plugin.ts';
import type { DistributionType } from '../../plugin-api/contracts/serve.ts';
import type { Condition, Scoping } from '../../plugin-api/declare/access.ts';
import { Models } from '../../plugin-api/declare/model.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';
import { reportedVersions } from './component-versions.ts';
import { allModels } from './models.ts';
import { replicationParts } from './replication.ts';
import { allResources } from './resources.ts';

/** What starts a part of the server composes it and hands it down; nothing below knows which package types there are. */
export interface Program {
  readonly plugins: readonly Plugin[];
  /** Content, repository and publication types, as the engines look them up. */
  readonly types: ContentRegistry;
  /** What hrefs and PRNs can name. */
  readonly models: Models;
  /** Everything the REST API has, in the order of the document. */
  readonly resources: readonly Resource[];
  /** Policies, roles and permissions; made when first asked for, as tasks do without. */
  readonly access: () => AccessCatalogue;
  /** Conditions of access policies that package types add, by name. */
  readonly conditions: Readonly<Record<string, Condition>>;
  /** Functions of queryset_scoping that package types add, by name. */
  readonly scopings: Readonly<Record<string, Scoping>>;
  /** Distribution types of the package types, without that of artifacts. */
  readonly distributions: readonly DistributionType[];
  /** Guards of the package types, without those of the core. */
  readonly guards: readonly GuardType[];
  readonly liveApis: readonly LiveApi[];
  /** Operations of the package types that belong to no resource. */
  readonly endpoints: readonly Endpoint[];
  readonly replication: ReplicationParts;
  /** The list `versions` of the status. */
  readonly versions: readonly ComponentVersion[];
  /** Those of the core, then those of the package types in the order of their names. */
  readonly migrations: readonly MigrationSource[];
  /** Settings of the core and of the package types. */
  readonly settings: Declarations;
}

/** Tests compose programs of other package types: `composeProgram([...installedPlugins, testPlugin])`. */
export function composeProgram(plugins: readonly Plugin[]): Program {
  const types = new ContentRegistry(plugins);
  const models = new Models(allModels(plugins));
  const replication = replicationParts(plugins);
  let catalogue: AccessCatalogue | undefined;
  const access = () => {
    catalogue ??= catalogueOf(plugins, resources);
    return catalogue;
  };
  const resources = allResources({ plugins, types, models, replication, access });
  return {
    plugins,
    types,
    models,
    resources,
    access,
    conditions: Object.assign({}, ...plugins.map((plugin) => plugin.conditions ?? {})),
    scopings: Object.assign({}, ...plugins.map((plugin) => plugin.scopings ?? {})),
    distributions: plugins.flatMap((plugin) => plugin.distributions),
    guards: plugins.flatMap((plugin) => plugin.guards ?? []),
    liveApis: plugins.flatMap((plugin) => plugin.live ?? []),
    endpoints: plugins.flatMap(({ name, endpoints = [] }) => endpoints.map((one) => pluginEndpoint(name, one))),
    replication,
    versions: reportedVersions(plugins),
    migrations: [coreMigrations, ...migrationsOf(plugins)],
    settings: Object.assign({}, coreSettings, ...plugins.map((plugin) => plugin.settings ?? {})),
  };
}

function catalogueOf(plugins: readonly Plugin[], resources: readonly Resource[]): AccessCatalogue {
  const roles = Object.assign({}, ...plugins.map((plugin) => plugin.roles ?? {}));
  const views = plugins.flatMap(({ name, live = [] }) =>
    live
      .flatMap(({ policies = {} }) => Object.entries(policies))
      .map(([view, declared]) => [name, view, declared] as const),
  );
  const more = plugins.flatMap(({ name, endpoints = [] }) =>
    endpoints.map(({ policy }) => [name, policy.view, { statements: policy.statements }] as const),
  );
  // Of endpoints with one view the first tells its statements.
  return new AccessCatalogue(resources, roles, [...views, ...more.toReversed()]);
}

function migrationsOf(plugins: readonly Plugin[]): MigrationSource[] {
  return plugins
    .flatMap(({ name, migrations }) => (migrations ? [{ component: name, directory: fileURLToPath(migrations) }] : []))
    .sort((a, b) => (a.component < b.component ? -1 : 1));
}
