/** Removes the temporary files of processes that are no more, wherever they were killed: whoever sees them does it. */
import { temporaryDirectory } from '../../config/chosen-storage.ts';
import { sql } from '../../db/sql.ts';
import { processTag } from '../../lib/process/process-identity.ts';
import { TempFiles } from '../../storage/temp-files.ts';
import type { DispatchServices } from '../queue/dispatch.ts';
import { logTrouble } from './log-trouble.ts';

/** Milliseconds between looks. */
const longestInterval = 30_000;

/**
 * To be called now and then: looks only when it is time, and never rejects. Processes on other machines look after their own
 * directories.
 */
export function deadFilesRemover(services: Pick<DispatchServices, 'db' | 'settings' | 'logger'>): () => Promise<void> {
  const { db, settings, logger } = services;
  const files = new TempFiles(temporaryDirectory(settings));
  const age = settings.workerTtl * 1000;
  const interval = Math.min(longestInterval, age);
  let next = performance.now() + interval;
  return async () => {
    const now = performance.now();
    if (now < next) return;
    next = now + interval;
    try {
      const rows = await db.rows<{ name: string }>(sql`select connection_name as name from app_status`);
      const living = new Set(rows.flatMap(({ name }) => processTag(name) ?? []));
      // Whoever writes to a file lives, even where it is not registered just now.
      await files.sweepDead(living, Date.now() - age);
    } catch (error) {
      logTrouble(logger, error, 'Temporary files of processes that are no more could not be removed.');
    }
  };
}
