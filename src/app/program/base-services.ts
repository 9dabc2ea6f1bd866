/** What every process works with and what costs little memory: database pool, secrets, log. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { openDatabase } from '../../db/database.ts';
import { Secrets } from '../../lib/crypto/secrets.ts';
import type { DispatchServices } from '../../tasking/queue/dispatch.ts';
import type { AppLogger } from '../processes/logging.ts';

export interface ServiceOptions {
  readonly logger: AppLogger;
  /** `web`, `worker`, `task`: shown in pg_stat_activity. */
  readonly role: string;
  readonly poolSize?: number;
  /** Name of the connections where another process has chosen it. */
  readonly applicationName?: string;
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
  const secrets = await Secrets.load(settings.dbEncryptionKey || join(settings.data, 'db-encryption-key'));
  const db = openDatabase({ url: settings.databaseUrl, poolSize, applicationName });
  return { settings, secrets, logger, db, applicationName, close: () => db.close() };
}
