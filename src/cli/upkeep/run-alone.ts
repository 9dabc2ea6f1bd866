/** What a process does that may run under `serve` or alone: alone, it finds its database and checks the schema. */

import { makeDataDirectory } from '../../app/storage/data-directory.ts';
import { databaseKeys } from '../../app/storage/encryption-key.ts';
import { requireDatabaseUrl, requireMigrated } from '../../app/storage/prepare-database.ts';
import type { Settings } from '../../config/settings.ts';
import { openDatabase } from '../../db/database.ts';
import type { CommandContext, CommandOption } from '../command.ts';

/** Given by the supervisor: settings come over the channel, and everything is prepared. */
export const childOption: Record<string, CommandOption> = {
  child: { type: 'boolean', help: 'started by serve', hidden: true },
};

/** Settings with the database filled in. */
export async function readySettings({ settings, options }: CommandContext): Promise<Settings> {
  if (options.child === true) return settings;
  makeDataDirectory(settings);
  const databaseUrl = await requireDatabaseUrl(settings);
  const db = openDatabase({ url: databaseUrl, poolSize: 2, applicationName: 'deckle start' });
  try {
    await requireMigrated(db, settings);
    await databaseKeys(settings, db);
  } finally {
    await db.close();
  }
  return Object.freeze({ ...settings, databaseUrl });
}
