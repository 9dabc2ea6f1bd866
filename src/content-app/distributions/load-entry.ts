/** Makes the entry of a distribution from its rows, and notes for the grace period which publication it serves. */
import { noteSeen } from '../../model/repositories/note-served.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { DistributionType, ServedDistribution } from '../../plugin-api/contracts/serve.ts';
import type { Values } from '../../plugin-api/declare/field.ts';
import { type LoadedDistribution, loadByPath } from './load-distributions.ts';
import type { ServedEntry, Source } from './served-entry.ts';

let serial = 0;

export class EntryLoader {
  readonly publishing: readonly string[];
  readonly #services: Services;
  readonly #types: ReadonlyMap<string, DistributionType>;

  constructor(services: Services, types: readonly DistributionType[]) {
    this.#services = services;
    this.#types = new Map(types.map((type) => [type.pulpType, type]));
    this.publishing = types.filter((type) => type.servesPublications).map((type) => type.pulpType);
  }

  async load(domain: string, path: string): Promise<ServedEntry | undefined> {
    const started = performance.now();
    const loaded = await loadByPath(this.#services.db, this.publishing, domain, path);
    if (!loaded) return undefined;
    if (loaded.publication && !loaded.noted) await this.#noteSeen(loaded, loaded.publication.pulp_id);
    return this.#entryOf(loaded, started);
  }

  #entryOf(loaded: LoadedDistribution, started: number): ServedEntry {
    const { row, domain, stamp, frame, guard, redirects } = loaded;
    const type = this.#types.get(String(row.pulp_type));
    return {
      serial: ++serial,
      distribution: distributionOf(loaded),
      type,
      store: this.#services.storage(domain),
      guard,
      remoteId: row.remote_id as string | null,
      source: sourceOf(loaded),
      hasFormer: loaded.hasFormer,
      checkpointsOf: row.checkpoint ? (row.repository_id as string | null) : null,
      redirects: redirects && this.#services.settings.redirectToObjectStorage,
      stamp,
      frame,
      switching: loaded.switching,
      checkedAt: started,
    };
  }

  async #noteSeen({ row }: LoadedDistribution, publicationId: string): Promise<void> {
    const { db, settings, logger } = this.#services;
    try {
      await noteSeen(db, String(row.pulp_id), publicationId, settings.distributedPublicationRetentionPeriod);
    } catch (error) {
      logger.warn({ err: error, distribution: row.pulp_id }, 'could not note the publication that is served');
    }
  }
}

function distributionOf({ row, domain, publication, version }: LoadedDistribution): ServedDistribution {
  return {
    pulpId: String(row.pulp_id),
    pulpType: String(row.pulp_type),
    domain: domain satisfies Domain,
    basePath: String(row.base_path),
    details: row.details as Values,
    row,
    version: version && {
      id: version.id,
      pulpId: version.pulp_id,
      number: version.number,
      repositoryId: version.repository_id,
    },
    publicationId: publication?.pulp_id ?? null,
  };
}

function sourceOf(loaded: LoadedDistribution): Source | null {
  const { version } = distributionOf(loaded);
  if (!version) return null;
  const { publication } = loaded;
  return {
    publicationId: publication?.pulp_id ?? null,
    content: publication?.pass_through ?? true,
    version,
    publishedAt: publication?.created ?? 0,
  };
}
