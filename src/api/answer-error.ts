/** Turns anything thrown in a request into an answer in Pulp's shapes (core.md §1.8); nothing internal goes out. */
import { DatabaseFull, DatabaseUnavailable } from '../db/errors.ts';
import { HttpError, messageOf, ValidationError } from '../lib/errors.ts';
import type { Answer, Logger } from '../plugin-api/contracts/context.ts';
import {
  BodyTooLarge,
  DigestMismatch,
  SizeMismatch,
  StorageFull,
  StorageUnavailable,
} from '../storage/storage-errors.ts';

export function answerError(error: unknown, logger: Logger, what: string): Answer {
  if (error instanceof ValidationError) return { status: 400, body: error.body };
  if (error instanceof HttpError)
    return { status: error.status, body: { detail: error.detail }, headers: error.headers };
  if (error instanceof DigestMismatch || error instanceof SizeMismatch) {
    return { status: 400, body: { non_field_errors: [messageOf(error)] } };
  }
  if (error instanceof BodyTooLarge) return { status: 413, body: { detail: messageOf(error) } };
  if (error instanceof StorageFull)
    return {
      status: 507,
      body: { detail: 'The storage is full: nothing was kept of this request. Free some space and send it again.' },
    };
  if (error instanceof DatabaseFull) {
    logger.error({ err: error }, `${what}: the disk of the database is full`);
    return { status: 507, body: { detail: 'The disk of the database is full: nothing was kept of this request.' } };
  }
  if (error instanceof StorageUnavailable) {
    logger.error({ err: error }, `${what}: the storage is not available`);
    return {
      status: 503,
      body: { detail: 'The storage is not available at the moment.' },
      headers: { 'Retry-After': '5' },
    };
  }
  if (error instanceof DatabaseUnavailable) {
    logger.warn({ error: messageOf(error) }, `${what}: the database is not available`);
    return {
      status: 503,
      body: { detail: 'The database is not available at the moment.' },
      headers: { 'Retry-After': '5' },
    };
  }
  const refused = refusedByDatabase(error);
  if (refused) return refused;
  logger.error({ err: error }, `${what} failed`);
  return { status: 500, body: { detail: 'Internal server error.' } };
}

/** Input that only the database found out to be impossible: text it cannot store, numbers out of range. */
function refusedByDatabase(error: unknown): Answer | undefined {
  const code = (error as { code?: string }).code;
  if (code === '22021' || code === '22P05')
    return { status: 400, body: { non_field_errors: ['Null characters are not allowed.'] } };
  if (code === '22003') return { status: 400, body: { non_field_errors: ['A number is out of range.'] } };
  if (code === '22P02' || code === '22007' || code === '22008')
    return { status: 400, body: { non_field_errors: ['A value is malformed.'] } };
  if (code === '54000') return { status: 400, body: { non_field_errors: ['A value is too long.'] } };
  return undefined;
}
