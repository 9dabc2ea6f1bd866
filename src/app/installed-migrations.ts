/** The migrations of this server, listed without its package types: the process that starts the others loads none of them. */
import { join } from 'node:path';
import { coreMigrations, type MigrationSource } from '../db/migrate.ts';

const plugin = (component: string): MigrationSource => ({
  component,
  directory: join(import.meta.dirname, '..', 'plugins', component, 'migrations/'),
});

/** What `Plugin.migrations` of the installed package types say; a test compares them. */
export const installedMigrations: readonly MigrationSource[] = [
  coreMigrations,
  plugin('core-openpgp'),
  plugin('file'),
  plugin('python'),
];
