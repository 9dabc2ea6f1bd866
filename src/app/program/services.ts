/** Builds what a process works with: database pool, storage, downloads, secrets, models. */
import { HrefReader } from '../../api/engine/hrefs.ts';
import { createObject } from '../../api/engine/operations.ts';
import { presentOne } from '../../api/engine/present.ts';
import { presenterFor } from '../../api/engine/presenter.ts';
import { readRow } from '../../api/engine/read-rows.ts';
import { type Settings, withDefaults } from '../../config/settings.ts';
import { createDownloaderFactory } from '../../download/downloader.ts';
import { processTag } from '../../lib/process/process-identity.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import { labelOf } from '../../plugin-api/declare/model.ts';
import { behaviourOf } from '../../plugin-api/declare/remote-type.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';
import { ArtifactStore } from '../../storage/artifact-store.ts';
import { openStorage } from '../storage/storage.ts';
import { type BaseServices, openBase, type ServiceOptions } from './base-services.ts';
import type { Program } from './program.ts';

export interface BuiltServices extends Services {
  readonly logger: BaseServices['logger'];
  readonly applicationName: string;
  close(): Promise<void>;
}

export async function buildServices(
  program: Program,
  given: Settings,
  options: ServiceOptions,
): Promise<BuiltServices> {
  const settings = withDefaults(given, program.settings);
  const requireResource = readableResources(program.resources);
  const base = await openBase(settings, options);
  const { driver, driverOf, workDirectory } = await openStorage(settings, base.db, base.secrets);
  const store = new ArtifactStore({
    driver,
    workDirectory,
    fsync: settings.storageFsync,
    processTag: processTag(base.applicationName),
  });
  const downloaders = createDownloaderFactory(
    settings,
    program.plugins.flatMap(({ remotes }) => remotes.map(behaviourOf)),
    base.secrets,
  );
  /** By domain, for the settings of its storage that the stamp stands for. */
  const stores = new Map<number, { stamp: string; store: ArtifactStore }>();
  const services: BuiltServices = {
    ...base,
    models: program.models,
    storage: (domain) => {
      if (domain.name === 'default') return store;
      const { storageStamp: stamp = '' } = domain;
      const known = stores.get(domain.id);
      if (known?.stamp === stamp) return known.store;
      const own = store.forDomain(domain.pulpId, driverOf(domain.pulpId, stamp));
      stores.set(domain.id, { stamp, store: own });
      return own;
    },
    downloader: downloaders.create,
    create: (request, { model }, values) =>
      createObject(
        { resource: requireResource(labelOf(model)), hrefs: new HrefReader(services.models, settings) },
        request,
        values,
      ),
    present: (domain, label, pulpId) => presentById(services, domain, requireResource(label), pulpId),
  };
  return services;
}

/** Resources by their label, those that have detail answers. The function throws for other labels: none is one a client gave. */
function readableResources(resources: readonly Resource[]): (label: string) => Resource {
  const readable = resources.filter(({ operations }) => operations.read);
  const byLabel = new Map(readable.map((resource) => [labelOf(resource.model), resource]));
  return (label) => {
    const resource = byLabel.get(label);
    if (!resource) throw new Error(`no resource is named ${label}`);
    return resource;
  };
}

/** Versions are read by their id here, not by their number. */
async function presentById(
  services: Services,
  domain: Domain,
  declared: Resource,
  pulpId: string,
): Promise<Record<string, unknown> | null> {
  const { parent: _, ...table } = declared.table;
  const resource = declared.table.key === 'number' ? { ...declared, table: { ...table, key: 'pulp_id' } } : declared;
  const row = await readRow(services.db, resource, domain, pulpId);
  return row ? await presentOne(resource, row, presenterFor(services, domain)) : null;
}
