/** Access control over all resources and package types. */
import { AccessCatalogue } from '../../access/catalogue.ts';
import { PolicyStore } from '../../access/policies.ts';
import type { HrefReader } from '../../api/engine/hrefs.ts';
import { PolicyAccess } from '../../api/policy-access.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import { installedPlugins } from '../installed-plugins.ts';
import { allResources } from './resources.ts';

let made: AccessCatalogue | undefined;

/** Policies, roles and permissions of the software; made once per process. */
export function accessCatalogue(): AccessCatalogue {
  const roles = Object.assign({}, ...installedPlugins.map((plugin) => plugin.roles ?? {}));
  const views = installedPlugins.flatMap(({ name, live }) =>
    Object.entries(live?.policies ?? {}).map(([view, declared]) => [name, view, declared] as const),
  );
  made ??= new AccessCatalogue(allResources(), roles, views);
  return made;
}

export function buildAccess(services: Services, hrefs: HrefReader): PolicyAccess {
  const catalogue = accessCatalogue();
  return new PolicyAccess({
    catalogue,
    policies: new PolicyStore(services.db, catalogue, services.settings),
    hrefs,
    conditions: Object.assign({}, ...installedPlugins.map((plugin) => plugin.conditions ?? {})),
    scopings: Object.assign({}, ...installedPlugins.map((plugin) => plugin.scopings ?? {})),
  });
}
