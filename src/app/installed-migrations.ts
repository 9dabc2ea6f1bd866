/** The migrations of this server, found without loading its package types: the process that starts the others loads none of them. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { coreMigrations, type MigrationSource } from '../db/migrate.ts';

const plugins = join(import.meta.dirname, '..', 'plugins');

/** Those of the core, then those of the folders of plugins/ by name. `Plugin.migrations` says the same, which a test compares. */
export const installedMigrations: readonly MigrationSource[] = [
  coreMigrations,
  ...readdirSync(plugins)
    .sort()
    .map((component) => ({ component, directory: join(plugins, component, 'migrations/') }))
    .filter(({ directory }) => existsSync(directory)),
];
