/** What every process works with and what costs little memory: database pool, secrets, log. */
import { randomBytes } from 'node:crypto';
import type { Settings } from '../../config/settings.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import type { Secrets } from '../../lib/crypto/secrets.ts';
import type { DispatchServices } from '../../tasking/queue/dispatch.ts';
import type { AppLogger } from '../processes/logging.ts';
import { databaseKeys, givenKeys } from '../storage/encryption-key.ts';

export interface ServiceOptions {
  readonly logger: AppLogger;
  /** `web`, `worker`, `task`: shown in pg_stat_activity. */
  readonly role: string;
  readonly poolSize?: number;
  /** Name of the connections where another process has chosen it, which has looked after the keys too. */
  readonly applicationName?: string;
  /** Works with keys that are not those of the database, too: for commands. */
  readonly anyKey?: boolean;
}

export interface BaseServices extends DispatchServices {
  readonly logger: AppLogger;
  /** `deckle <role> <12 hex digits>`, unlike that of any other process: others close these connections when it is missing. */
  readonly applicationName: string;
  close(): Promise<void>;
}

export async function openBase(settings: Settings, options: ServiceOptions): Promise<BaseServices> {
  const { logger, role, poolSize = settings.databasePoolSize } = options;
  const applicationName = options.applicationName ?? `deckle ${role} ${randomBytes(6).toString('hex')}`;
  const db = openDatabase({ url: settings.databaseUrl, poolSize, applicationName });
  const secrets = await keysFor(settings, db, options).catch(async (error: unknown) => {
    await db.close();
    throw error;
  });
  return { settings, secrets, logger, db, applicationName, close: () => db.close() };
}

async function keysFor(
  settings: Settings,
  db: Database,
  { applicationName, anyKey }: ServiceOptions,
): Promise<Secrets> {
  return applicationName === undefined ? await databaseKeys(settings, db, anyKey) : await givenKeys(settings);
}
