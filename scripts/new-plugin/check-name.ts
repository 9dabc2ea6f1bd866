/** Names of package types that can be given to a new one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installedPlugins } from '../../src/app/installed-plugins.ts';

/** Names of tables and indexes are made of it, which PostgreSQL cuts at 63 bytes. */
const LONGEST = 40;

/** Why a name cannot be that of a new package type, or undefined. */
export function checkName(name: string): string | undefined {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name))
    return 'a name is in snake_case: small letters, digits, single underscores';
  if (name.length > LONGEST) return `a name has at most ${LONGEST} characters`;
  const folder = join(import.meta.dirname, '..', '..', 'src', 'plugins', name);
  const isTaken = ['core', 'auth'].includes(name) || installedPlugins.some((plugin) => plugin.name === name);
  return isTaken || existsSync(folder) ? 'there is a package type of that name' : undefined;
}
