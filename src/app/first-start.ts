/** What has to be there before the first request: the account of the administrator and its password. */
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import type { Database } from '../db/database.ts';

export interface FirstStart {
  /** File with the password of admin; undefined when the operator has set it himself. */
  adminPasswordFile: string | undefined;
}

/** Runs at each start after the migrations; does nothing the second time. */
export async function firstStart(_db: Database, settings: Settings): Promise<FirstStart> {
  if (settings.adminPassword !== '') return { adminPasswordFile: undefined };
  const adminPasswordFile = join(settings.data, 'admin-password');
  if (!existsSync(adminPasswordFile)) {
    writeFileSync(adminPasswordFile, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600 });
  }
  return { adminPasswordFile };
}
