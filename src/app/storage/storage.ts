/** The places where this server keeps bytes: one for the default domain and those without a place of their own. */
import { chosenStorage, ownChoice, peerChoice, temporaryDirectory } from '../../config/chosen-storage.ts';
import type { Settings } from '../../config/settings.ts';
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Secrets } from '../../lib/crypto/secrets.ts';
import type { StorageDriver } from '../../storage/drivers/driver.ts';
import { FallbackDriver } from '../../storage/drivers/fallback-driver.ts';
import { LazyDriver } from '../../storage/drivers/lazy-driver.ts';
import { openDriver } from '../../storage/drivers/open-driver.ts';

interface OpenedStorage {
  /** For the default domain. */
  readonly driver: StorageDriver;
  /** The driver of a domain, by its id; null is the default domain. Another stamp means that its settings have changed. */
  readonly driverOf: (domain: string | null, stamp?: string) => StorageDriver;
  /** Local directory for bytes on their way in. */
  readonly workDirectory: string;
}

/** Throws StorageChoiceError or the storage's error when it cannot be opened. */
export async function openStorage(settings: Settings, db: Queryable, secrets: Secrets): Promise<OpenedStorage> {
  const driver = await mainDriver(settings);
  const domains = new Map<string, { stamp: string; driver: StorageDriver }>();
  return {
    driver,
    workDirectory: temporaryDirectory(settings),
    driverOf(domain, stamp = '') {
      if (domain === null) return driver;
      const known = domains.get(domain);
      if (known?.stamp === stamp) return known.driver;
      const own = new LazyDriver(() => domainDriver(settings, db, secrets, domain, driver));
      domains.set(domain, { stamp, driver: own });
      return own;
    },
  };
}

async function mainDriver(settings: Settings): Promise<StorageDriver> {
  const driver = await openDriver(chosenStorage(settings));
  if (settings.storageFormer === '') return driver;
  return new FallbackDriver(driver, await openDriver(ownChoice(settings, settings.storageFormer)));
}

interface DomainRow {
  storage_class: string;
  storage_settings: Readonly<Record<string, unknown>>;
  storage_secrets: string | null;
}

/** A domain without settings of its own shares the main storage, below a directory of its own. */
async function domainDriver(
  settings: Settings,
  db: Queryable,
  secrets: Secrets,
  domain: string,
  main: StorageDriver,
): Promise<StorageDriver> {
  const row = await db.row<DomainRow>(sql`
    select storage_class, storage_settings, storage_secrets from domain where pulp_id = ${domain}::uuid`);
  if (!row || (Object.keys(row.storage_settings).length === 0 && row.storage_secrets === null)) return main;
  const hidden = row.storage_secrets === null ? {} : (JSON.parse(secrets.decrypt(row.storage_secrets)) as object);
  return await openDriver(peerChoice(row.storage_class, { ...row.storage_settings, ...hidden }, settings));
}
