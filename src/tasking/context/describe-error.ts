/** What a user is told of an error that ended a task: no credentials, no paths, no more than asked for. */
import { DatabaseFull, DatabaseUnavailable, wordsOf } from '../../db/errors.ts';
import { HttpError, messageOf, PulpError, ValidationError } from '../../lib/errors.ts';
import { StorageUnavailable } from '../../storage/storage-errors.ts';
import type { TaskError } from '../queue/task-row.ts';

/** Codes of our own errors are safe to show; the text of anything else may be hidden by a setting. */
export function describeError(error: unknown, redact: boolean): TaskError {
  const traceback = tracebackOf(error);
  if (error instanceof ValidationError) return { description: withoutCredentials(error.message), traceback };
  if (error instanceof HttpError) return { description: withoutCredentials(error.detail), traceback };
  if (error instanceof PulpError)
    return {
      description: withoutCredentials(error.message),
      traceback,
      error_code: error.code,
      ...(error.details !== undefined && { details: error.details }),
    };
  // The words of the operating system name addresses and sockets of the database.
  if (error instanceof DatabaseFull) return { reason: 'The disk of the database was full.' };
  if (error instanceof StorageUnavailable) return { reason: 'The storage was not available.' };
  if (error instanceof DatabaseUnavailable) return { reason: 'The database was not available.' };
  if (redact) return { description: '[PLP0000] An internal error occurred.', traceback: '', error_code: 'PLP0000' };
  return { description: withoutCredentials(wordsOf(error)), traceback };
}

/** User and password in URLs. */
export function withoutCredentials(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1');
}

/** The functions through which the error came, innermost first, and those of what caused it. */
function tracebackOf(error: unknown): string {
  const parts: string[] = [];
  for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const frames = [...(cause.stack ?? '').matchAll(/^ {4}at (?:async )?([\w$.#<>[\] ]+?) \(/gm)].map(
      (match) => match[1],
    );
    parts.push([cause.name, ...frames.map((frame) => `  at ${frame}`)].join('\n'));
  }
  return parts.join('\ncaused by ');
}

/** Class and message for the log. */
export function summaryOf(error: unknown): string {
  const name = error instanceof Error ? error.constructor.name : typeof error;
  return `${name}: ${withoutCredentials(messageOf(error))}`;
}
