/** All migrations of the program: those of the core, then those of each package type. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { coreMigrations, type MigrationSource } from '../../db/migrate.ts';

const pluginsDirectory = join(import.meta.dirname, '..', '..', 'plugins');

/** Package types in the order of their names; one without a migrations folder has no tables of its own. */
export function migrationSources(): MigrationSource[] {
  const names = existsSync(pluginsDirectory) ? readdirSync(pluginsDirectory).sort() : [];
  const plugins = names
    .map((component) => ({ component, directory: join(pluginsDirectory, component, 'migrations') }))
    .filter(({ directory }) => existsSync(directory));
  return [coreMigrations, ...plugins];
}
