/** Moves stored files from one storage to the other while the server runs, each checked on its way. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mediaRoot, ownChoice } from '../../config/chosen-storage.ts';
import type { Settings } from '../../config/settings.ts';
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { type Report, sizeText } from '../../engines/backup/progress.ts';
import { sealOf } from '../../engines/backup/sealed-file.ts';
import { forEachConcurrent } from '../../lib/flow/map-concurrent.ts';
import { artifactKey } from '../../storage/artifact-key.ts';
import type { StorageDriver } from '../../storage/drivers/driver.ts';
import { openDriver } from '../../storage/drivers/open-driver.ts';
import { MissingFile } from '../../storage/storage-errors.ts';

interface MoveRequest {
  readonly to: 'filesystem' | 's3';
  /** Remove from the old storage what the new one has. */
  readonly remove: boolean;
}

export interface Moved {
  readonly copied: number;
  readonly bytes: number;
  /** In the new storage already. */
  readonly present: number;
  readonly removed: number;
  /** In neither, or with other bytes than their names say. */
  readonly lost: readonly string[];
}

const BATCH = 1_000;
const AT_ONCE = 8;

interface StoredArtifact {
  readonly id: number;
  readonly size: number;
  readonly sha256: string;
  readonly domain: string | null;
}

/** Domains with a storage of their own are left alone. May be repeated: only what is missing is copied. */
export async function moveStorage(
  settings: Settings,
  db: Database,
  request: MoveRequest,
  report: Report,
): Promise<Moved> {
  const other = request.to === 's3' ? 'filesystem' : 's3';
  const target = await openDriver(ownChoice(settings, request.to));
  const source = await openDriver(ownChoice(settings, other));
  await target.writable();
  const scratch = await mkdtemp(join(mediaRoot(settings), 'move-'));
  try {
    const mover = new Mover(source, target, scratch, request.remove);
    const total = await db.row<{ count: number }>(sql`select count(*) as count from artifact`);
    for await (const batch of artifacts(db)) {
      await forEachConcurrent(batch, AT_ONCE, (one) => mover.take(one));
      await mover.settle();
      report.progress(`${mover.done} of ${total?.count} files, ${sizeText(mover.bytes)} copied`);
    }
    return mover;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function* artifacts(db: Database): AsyncGenerator<StoredArtifact[]> {
  for (let after = 0; ; ) {
    const rows = await db.rows<StoredArtifact>(sql`
      select a.id, a.size, encode(a.sha256, 'hex') as sha256, case when d.name = 'default' then null else d.pulp_id end as domain
        from artifact a join domain d on d.id = a.domain_id
        where a.id > ${after} and d.storage_settings = '{}' and d.storage_secrets is null order by a.id limit ${BATCH}`);
    if (rows.length > 0) yield rows;
    if (rows.length < BATCH) return;
    after = rows.at(-1)!.id;
  }
}

class Mover implements Moved {
  copied = 0;
  bytes = 0;
  present = 0;
  removed = 0;
  readonly lost: string[] = [];
  readonly #source: StorageDriver;
  readonly #target: StorageDriver;
  readonly #scratch: string;
  readonly #remove: boolean;
  /** Keys that are in the target, and are in the source no longer needed once that is durable. */
  #settled: string[] = [];
  #files = 0;

  constructor(source: StorageDriver, target: StorageDriver, scratch: string, remove: boolean) {
    this.#source = source;
    this.#target = target;
    this.#scratch = scratch;
    this.#remove = remove;
  }

  get done(): number {
    return this.copied + this.present + this.lost.length;
  }

  async take({ sha256, size, domain }: StoredArtifact): Promise<void> {
    const key = artifactKey(sha256, domain);
    if ((await this.#target.stat(key))?.size === size) this.present++;
    else if (await this.#copy(key, sha256)) {
      this.copied++;
      this.bytes += size;
    } else return void this.lost.push(key);
    this.#settled.push(key);
  }

  /** Makes a batch durable before anything of it is removed. */
  async settle(): Promise<void> {
    const keys = this.#settled;
    this.#settled = [];
    await this.#target.sync(keys);
    if (!this.#remove) return;
    await forEachConcurrent(keys, AT_ONCE, async (key) => {
      if (!(await this.#source.stat(key))) return;
      await this.#source.remove(key);
      this.removed++;
    });
  }

  async #copy(key: string, sha256: string): Promise<boolean> {
    const local = this.#source.localPath(key);
    const file = local ?? join(this.#scratch, String(this.#files++));
    try {
      if (local === undefined) await this.#source.copyOut(key, file);
      if ((await sealOf(file)).sha256 !== sha256) return false;
      await this.#target.copyIn(file, key);
      return true;
    } catch (error) {
      if (error instanceof MissingFile || (error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    } finally {
      if (local === undefined) await rm(file, { force: true });
    }
  }
}
