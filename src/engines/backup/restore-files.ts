/** Brings the files of a backup into the storage, reading each once to check it; or checks those that stayed in the storage. */
import { join } from 'node:path';
import { forEachConcurrent } from '../../lib/flow/map-concurrent.ts';
import type { StorageDriver } from '../../storage/drivers/driver.ts';
import type { DriverOf } from './copy-files.ts';
import { type ListedFile, readFileList } from './file-list.ts';
import { FILES_DIRECTORY, type Manifest } from './manifest.ts';
import { type Report, sizeText } from './progress.ts';
import { sealOf } from './sealed-file.ts';

const AT_ONCE = 4;
/** Files made durable together. */
const SYNC_EVERY = 500;

export interface RestoredFiles {
  readonly brought: number;
  /** In the storage already, with the right size. */
  readonly present: number;
  readonly missing: readonly string[];
  /** Keys whose bytes in the backup are not those that were backed up. */
  readonly damaged: readonly string[];
}

export async function restoreFiles(
  path: string,
  manifest: Manifest,
  driverOf: DriverOf,
  report: Report,
): Promise<RestoredFiles> {
  const restorer = new Restorer(path, manifest, driverOf, report);
  await forEachConcurrent(readFileList(join(path, manifest.files.path)), AT_ONCE, (file) => restorer.take(file));
  await restorer.sync();
  return restorer;
}

class Restorer implements RestoredFiles {
  brought = 0;
  present = 0;
  readonly missing: string[] = [];
  readonly damaged: string[] = [];
  readonly #path: string;
  readonly #manifest: Manifest;
  readonly #driverOf: DriverOf;
  readonly #report: Report;
  #unsynced = new Map<StorageDriver, string[]>();
  #waiting = 0;
  #bytes = 0;

  constructor(path: string, manifest: Manifest, driverOf: DriverOf, report: Report) {
    this.#path = path;
    this.#manifest = manifest;
    this.#driverOf = driverOf;
    this.#report = report;
  }

  async take(file: ListedFile): Promise<void> {
    const driver = this.#driverOf(file.domain);
    const there = await driver.stat(file.key);
    if (there?.size === file.size) this.present++;
    else if (this.#manifest.files.kept === 'here') await this.#bring(driver, file);
    else this.missing.push(file.key);
    const { count, bytes } = this.#manifest.files;
    const done = this.brought + this.present + this.missing.length + this.damaged.length;
    this.#report.progress(`files: ${done} of ${count}, ${sizeText(this.#bytes)} of ${sizeText(bytes)}`);
  }

  async sync(): Promise<void> {
    const unsynced = this.#unsynced;
    this.#unsynced = new Map();
    this.#waiting = 0;
    for (const [driver, keys] of unsynced) await driver.sync(keys);
  }

  async #bring(driver: StorageDriver, file: ListedFile): Promise<void> {
    const from = join(this.#path, FILES_DIRECTORY, file.key);
    const seal = await sealOf(from).catch(() => undefined);
    if (!seal) return void this.missing.push(file.key);
    if (seal.size !== file.size || (file.sha256 !== null && seal.sha256 !== file.sha256)) {
      return void this.damaged.push(file.key);
    }
    await driver.copyIn(from, file.key);
    this.brought++;
    this.#bytes += file.size;
    const keys = this.#unsynced.get(driver);
    if (keys) keys.push(file.key);
    else this.#unsynced.set(driver, [file.key]);
    if (++this.#waiting >= SYNC_EVERY) await this.sync();
  }
}
