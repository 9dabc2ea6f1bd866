/** What has to be there before the first request: the default domain, roles and policies, the administrator's account and its password. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { insertAdmin } from '../../model/access/account.ts';
import { insertDefaultDomain } from '../../model/domain.ts';
import type { Program } from '../program/program.ts';

export interface FirstStart {
  /** File with the password of admin; undefined when the operator has set it. */
  adminPasswordFile: string | undefined;
}

/** Runs at each start after the migrations; does nothing the second time. */
export async function firstStart(db: Database, settings: Settings, program: Program): Promise<FirstStart> {
  const made = await createFirstObjects(db, settings);
  await seedPolicies(db, program);
  return made;
}

/** Roles and policies, whose declarations are most of the program: loaded only where they are written. */
export async function seedPolicies(db: Database, program: Program): Promise<void> {
  const { seedAccess } = await import('../../access/seed-defaults.ts');
  await seedAccess(db, program.access());
}

/** All but roles and policies. */
export async function createFirstObjects(db: Database, settings: Settings): Promise<FirstStart> {
  await insertDefaultDomain(db);
  const file = join(settings.data, 'admin-password');
  const admin = await db.row(sql`select 1 from app_user where username = 'admin'`);
  if (!admin) await createAdmin(db, settings.adminPassword || generatedPassword(file));
  return { adminPasswordFile: existsSync(file) ? file : undefined };
}

/** The password is kept for the operator in a file that nobody else can read. */
function generatedPassword(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const password = randomBytes(18).toString('base64url');
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return password;
}

async function createAdmin(db: Database, password: string): Promise<void> {
  const { hashPassword } = await import('../../access/identities/passwords.ts');
  await insertAdmin(db, await hashPassword(password));
}
