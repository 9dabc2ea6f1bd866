/** Entry point of the process in which a worker has its tasks run. */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { MAIN_STORAGE } from '../../plugin-api/contracts/context.ts';
import type { ToChild } from '../../tasking/worker/child-messages.ts';

// The cache is written by the main program, whose modules these are.
enableCompileCache(join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'deckle'));

/** Milliseconds after which a temporary file that nobody writes to was left by a process that was killed. */
const leftoverAge = 24 * 3_600_000;

process.once('message', async (message: ToChild) => {
  if (message.type !== 'start') return;
  const [
    { createLogger },
    { loadProgram },
    { buildServices },
    { taskFunctions },
    { serveTasks },
    { configureSchedules },
    { releaseMemoryWhenIdle },
  ] = await Promise.all([
    import('./logging.ts'),
    import('../program/load-program.ts'),
    import('../program/services.ts'),
    import('../program/task-functions.ts'),
    import('../../tasking/worker/serve-tasks.ts'),
    import('../../tasking/schedules/configure-schedules.ts'),
    import('./release-memory.ts'),
  ]);
  const { settings, applicationName, keepSchedules } = message;
  const logger = createLogger(settings, 'pulpcore.tasking.tasks');
  const program = await loadProgram(settings);
  const services = await buildServices(program, settings, { logger, role: 'task', applicationName });
  const functions = taskFunctions(program, settings);
  if (keepSchedules)
    await configureSchedules(services.db, settings, functions).catch((error: unknown) =>
      logger.warn({ err: error }, 'The schedules of the settings could not be seen to.'),
    );
  releaseMemoryWhenIdle();
  if (keepSchedules) {
    services
      .storage(MAIN_STORAGE)
      .sweep(leftoverAge)
      .catch((error: unknown) => logger.debug({ err: error }, 'Temporary files could not be removed.'));
  }
  serveTasks(services, functions);
});
