/** The task that gives a domain another storage: copies its artifacts and chunks there, then switches (core.md §7.4). */

import { setTimeout as sleep } from 'node:timers/promises';
import { peerChoice } from '../../config/chosen-storage.ts';
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { ValidationError } from '../../lib/errors.ts';
import { mapConcurrent } from '../../lib/flow/map-concurrent.ts';
import { holdArtifactGate } from '../../model/content/artifact.ts';
import { changeStorage } from '../../model/domain.ts';
import type { ProgressReport, TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import { artifactKey } from '../../storage/artifact-key.ts';
import type { StorageDriver } from '../../storage/drivers/driver.ts';
import { openDriver } from '../../storage/drivers/open-driver.ts';
import { MissingFile } from '../../storage/storage-errors.ts';

interface MoveArgs {
  readonly storage_class: string;
  readonly storage_settings: Readonly<Record<string, unknown>>;
  /** Encrypted JSON; null for none. */
  readonly storage_secrets?: string | null;
}

const BATCH = 1000;
const COPIES_AT_ONCE = 4;
/** Milliseconds after which no process knows the former settings any more; then what was kept by them meanwhile is copied too. */
const SETTLED = 3000;

export const moveDomainStorageTask: TaskFunction = {
  name: 'pulpcore.app.tasks.migrate.migrate_backend',
  async run(context, args: MoveArgs) {
    const from = context.storage(context.domain).driver;
    const to = await openNew(context, args);
    const report = context.progress({
      message: 'Migrating Artifacts',
      code: 'migrate',
      total: await countArtifacts(context),
    });
    const copier = new Copier(context, from, to, report);
    await copier.copyNew(context.db);
    const switched = context.progress({
      message: `Update Domain(${context.domain.name})'s Backend Settings`,
      code: 'update',
      total: 1,
    });
    await context.write(async (tx) => {
      // Nobody moves bytes in meanwhile, so the last ones are copied too.
      await holdArtifactGate(tx, context.domain.id, true);
      await copier.copyNew(tx);
      await copier.copyChunks();
      await changeStorage(tx, context.domain.id, args);
    });
    switched.add(1);
    switched.finish();
    await sleep(SETTLED, undefined, { signal: context.signal });
    await copier.copyNew(context.db);
    report.finish();
    return undefined;
  },
};

async function openNew(context: TaskContext, args: MoveArgs): Promise<StorageDriver> {
  const sealed = args.storage_secrets;
  const hidden = sealed ? (JSON.parse(context.secrets.decrypt(sealed)) as object) : {};
  const driver = await openDriver(
    peerChoice(args.storage_class, { ...args.storage_settings, ...hidden }, context.settings),
  );
  await driver.writable();
  return driver;
}

async function countArtifacts({ db, domain }: TaskContext): Promise<number> {
  const row = await db.row<{ count: number }>(
    sql`select count(*)::int8 as count from artifact where domain_id = ${domain.id}`,
  );
  return Number(row!.count);
}

class Copier {
  readonly #context: TaskContext;
  readonly #from: StorageDriver;
  readonly #to: StorageDriver;
  readonly #report: ProgressReport;
  /** Artifacts up to this id are there. */
  #after = 0;

  constructor(context: TaskContext, from: StorageDriver, to: StorageDriver, report: ProgressReport) {
    this.#context = context;
    this.#from = from;
    this.#to = to;
    this.#report = report;
  }

  /** What has come since the last call. */
  async copyNew(db: Queryable): Promise<void> {
    const { domain, signal } = this.#context;
    for (;;) {
      signal.throwIfAborted();
      const rows = await db.rows<{ id: number; sha256: string; size: number }>(sql`
        select id, encode(sha256, 'hex') as sha256, size from artifact
          where domain_id = ${domain.id} and id > ${this.#after} order by id limit ${BATCH}`);
      if (rows.length === 0) return;
      const keys = rows.map(({ sha256 }) => artifactKey(sha256, domain.pulpId));
      await this.#copyAll(keys, rows);
      this.#after = rows.at(-1)!.id;
    }
  }

  async #copyAll(keys: readonly string[], rows: readonly { sha256: string; size: number }[]): Promise<void> {
    const copies = mapConcurrent(keys.entries(), COPIES_AT_ONCE, async ([index, key]) => {
      await this.#copyArtifact(key, rows[index]!);
      this.#report.add(1);
    });
    for await (const _ of copies);
    await this.#to.sync(keys);
    this.#report.total = Math.max(this.#report.total ?? 0, this.#report.done);
  }

  async #copyArtifact(key: string, { sha256, size }: { sha256: string; size: number }): Promise<void> {
    if ((await this.#to.stat(key))?.size === size) return;
    try {
      await this.#copy(key);
    } catch (error) {
      if (!(error instanceof MissingFile)) throw error;
      throw new ValidationError([
        `Found missing file for artifact(sha256=${sha256}). Please run the repair task or delete the offending artifact.`,
      ]);
    }
  }

  /** Chunks of uploads that are on their way. */
  async copyChunks(): Promise<void> {
    const rows = await this.#context.db.rows<{ upload_id: string }>(
      sql`select pulp_id as upload_id from upload where domain_id = ${this.#context.domain.id}`,
    );
    for (const { upload_id: id } of rows) {
      for await (const { key } of this.#from.list(`upload/${id}/`)) {
        await this.#copy(key);
        await this.#to.sync([key]);
      }
    }
  }

  /** By way of a local file, verified by its size: drivers read and write whole files. */
  async #copy(key: string): Promise<void> {
    const directory = await this.#context.workDirectory();
    const file = `${directory}/${key.replaceAll('/', '-')}`;
    await this.#from.copyOut(key, file);
    await this.#to.moveIn(file, key);
  }
}
