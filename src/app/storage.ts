/** The places where this server keeps bytes: one for the default domain and those without a place of their own. */
import type { Settings } from '../config/settings.ts';
import type { Queryable } from '../db/database.ts';
import type { StorageDriver } from '../storage/driver.ts';
import { FilesystemDriver } from '../storage/filesystem.ts';

export interface OpenedStorage {
  readonly driver: StorageDriver;
  /** The driver of a domain, by its id; null is the default domain. */
  readonly driverOf: (domain: string | null) => Promise<StorageDriver>;
}

export async function openStorage(settings: Settings, _db: Queryable): Promise<OpenedStorage> {
  const driver = await FilesystemDriver.create(settings.mediaRoot);
  return { driver, driverOf: async () => driver };
}
