/** The migrations of the program that runs with some settings, without loading its package types. */
import type { Settings } from '../../config/settings.ts';
import type { MigrationSource } from '../../db/migrate.ts';
import { installedMigrations } from '../installed-migrations.ts';

/** Only the package types of a test are loaded to be asked. */
export async function migrationSources(settings: Pick<Settings, 'testPlugins'>): Promise<readonly MigrationSource[]> {
  if (settings.testPlugins === '') return installedMigrations;
  const { loadProgram } = await import('../program/load-program.ts');
  return (await loadProgram(settings)).migrations;
}
