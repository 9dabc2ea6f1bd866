/** Logs what went wrong and is tried again: briefly and rarely while only the database is away. */
import { DatabaseUnavailable } from '../../db/errors.ts';
import type { Logger } from '../../plugin-api/contracts/context.ts';

const repeatAfter = 10_000;
const lastLogged = new Map<string, number>();

export function logTrouble(logger: Logger, error: unknown, message: string): void {
  if (!(error instanceof DatabaseUnavailable)) {
    logger.warn({ err: error }, message);
    return;
  }
  const now = performance.now();
  if (now - (lastLogged.get(message) ?? Number.NEGATIVE_INFINITY) < repeatAfter) return;
  if (lastLogged.size > 1000) lastLogged.clear();
  lastLogged.set(message, now);
  logger.warn({}, `${message} ${error.message}`);
}
