/** A process that runs tasks, one after the other, until it is asked to stop. */
import type { Settings } from '../config/settings.ts';
import { dieWithParent, reportReady, stopRequested } from './child-process.ts';
import type { AppLogger } from './logging.ts';

export async function runWorker(_settings: Settings, logger: AppLogger): Promise<void> {
  dieWithParent();
  const idle = setInterval(() => {}, 60_000);
  reportReady();
  const signal = await stopRequested();
  logger.debug({}, `worker stops on ${signal}`);
  clearInterval(idle);
}
