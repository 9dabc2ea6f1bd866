/** Finds and removes stored files that no row names: a process was killed between storing and recording, or forgetting and removing. */
import type { Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { forEachConcurrent } from '../../lib/flow/map-concurrent.ts';
import { holdArtifactGate } from '../../model/content/artifact.ts';
import { removingFiles } from '../../model/content/file-removal.ts';
import { knownDigests } from '../../model/content/orphans.ts';
import { storageStamp } from '../../model/domain.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { ArtifactStore } from '../../storage/artifact-store.ts';

const BATCH = 1000;
const REMOVALS_AT_ONCE = 8;

interface StrayFiles {
  readonly found: number;
  readonly removed: number;
}

export async function removeStrayFiles(services: Services, dryRun: boolean): Promise<StrayFiles> {
  const domains = await services.db.rows<Domain>(
    sql`select id, pulp_id as "pulpId", name, ${storageStamp('d')} as "storageStamp" from domain d order by id`,
  );
  let found = 0;
  for (const domain of domains) {
    const strays = new StraysOfDomain(services, domain);
    found += (await strays.artifacts(dryRun)) + (await strays.uploads(dryRun));
  }
  return { found, removed: dryRun ? 0 : found };
}

class StraysOfDomain {
  readonly #services: Services;
  readonly #domain: Domain;
  readonly #store: ArtifactStore;

  constructor(services: Services, domain: Domain) {
    this.#services = services;
    this.#domain = domain;
    this.#store = services.storage(domain);
  }

  /** Answers how many there were. */
  async artifacts(dryRun: boolean): Promise<number> {
    let found = 0;
    let batch: string[] = [];
    const look = async () => {
      const strays = await this.#unknown(this.#services.db, batch);
      batch = [];
      if (strays.length === 0) return;
      found += dryRun ? strays.length : await this.#remove(strays);
    };
    for await (const { key } of this.#store.driver.list('artifact/')) {
      const sha256 = key.split('/').slice(-2).join('');
      // Other domains may have their files in the same place.
      if (key !== this.#store.keyOf(sha256)) continue;
      batch.push(sha256);
      if (batch.length >= BATCH) await look();
    }
    await look();
    return found;
  }

  /** Chunks are written after the row of their upload. */
  async uploads(dryRun: boolean): Promise<number> {
    const ids = [...(await this.#store.uploads.ids()).keys()];
    const rows = await this.#services.db.rows<{ id: string }>(
      sql`select pulp_id as id from upload where pulp_id::text = any(${ids}::text[])`,
    );
    const known = new Set(rows.map((row) => row.id));
    const strays = ids.filter((id) => !known.has(id));
    if (!dryRun) for (const id of strays) await this.#store.uploads.remove(id);
    return strays.length;
  }

  async #unknown(db: Parameters<typeof knownDigests>[0], sha256s: readonly string[]): Promise<string[]> {
    const known = await knownDigests(db, this.#domain.id, sha256s);
    return sha256s.filter((sha256) => !known.has(sha256));
  }

  /** Behind the gate nobody is between storing bytes and recording them. */
  async #remove(candidates: readonly string[]): Promise<number> {
    const remove = async (tx: Transaction) => {
      await holdArtifactGate(tx, this.#domain.id, true);
      const strays = await this.#unknown(tx, candidates);
      const { driver } = this.#store;
      await forEachConcurrent(strays, REMOVALS_AT_ONCE, (sha256) => driver.remove(this.#store.keyOf(sha256)));
      return strays.length;
    };
    return await removingFiles((work) => this.#services.db.transaction(work), remove);
  }
}
