/** Name and version of this program, as backups remember it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function programVersion(): string {
  const file = join(import.meta.dirname, '..', '..', '..', 'package.json');
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string };
  return `${name} ${version}`;
}
