/** Runs an operator's command with what a process of the server works with, whether or not a server is running. */
import type { Settings } from '../../config/settings.ts';
import type { AppLogger } from '../processes/logging.ts';
import { loadProgram } from '../program/load-program.ts';
import type { Program } from '../program/program.ts';
import { type BuiltServices, buildServices } from '../program/services.ts';
import { requireMigrated, withDatabase } from '../storage/prepare-database.ts';

export async function withServices<T>(
  settings: Settings,
  logger: AppLogger,
  work: (services: BuiltServices, program: Program) => Promise<T>,
): Promise<T> {
  return await withDatabase(settings, logger, async (db, databaseUrl) => {
    await requireMigrated(db, settings);
    const own = Object.freeze({ ...settings, databaseUrl });
    const program = await loadProgram(own);
    const services = await buildServices(program, own, { logger, role: 'command', poolSize: 3, anyKey: true });
    try {
      return await work(services, program);
    } finally {
      await services.close();
    }
  });
}
