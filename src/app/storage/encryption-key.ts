/** Where the file with the keys for secrets in the database is: named by a setting, or made in the data directory. */
import { join } from 'node:path';
import type { Settings } from '../../config/settings.ts';

export function encryptionKeyFile(settings: Settings): string {
  return settings.dbEncryptionKey || join(settings.data, 'db-encryption-key');
}
