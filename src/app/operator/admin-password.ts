/** Gives the account admin a new password, and makes the account when it is not there. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { passwordProblems } from '../../access/identities/password-rules.ts';
import { hashPassword } from '../../access/identities/passwords.ts';
import type { Settings } from '../../config/settings.ts';
import type { Database } from '../../db/database.ts';
import { resetAdmin } from '../../model/access/account.ts';

/** What is wrong with a password, in words. */
export function problemsOfPassword(password: string): string[] {
  return passwordProblems(password, ['admin']);
}

/** Sessions of admin end; the file with the password of the first start is of no use any more. */
export async function setAdminPassword(db: Database, settings: Settings, password: string): Promise<void> {
  const hash = await hashPassword(password);
  await db.transaction((tx) => resetAdmin(tx, hash));
  await rm(join(settings.data, 'admin-password'), { force: true });
}
