/** Failures of the database sorted into the kinds that callers react to. */
import { messageOf } from '../lib/errors.ts';

/** The database cannot be reached at the moment: the same request may work later (answered as 503). */
export class DatabaseUnavailable extends Error {
  constructor(cause: unknown, message = `The database is not available: ${messageOf(cause)}`) {
    super(message, { cause });
    this.name = 'DatabaseUnavailable';
  }
}

/** The disk of the database is full: what only reads goes on, and all else once there is room (answered as 507). */
export class DatabaseFull extends DatabaseUnavailable {
  constructor(cause: unknown) {
    super(cause, 'There is no space left for the database.');
    this.name = 'DatabaseFull';
  }
}

const WORDS: Readonly<Record<string, string>> = {
  '23503': 'Something that was needed has been deleted meanwhile, or is still used by something else.',
  '23505': 'A value that has to be unique was taken meanwhile.',
  '23P01': 'A value that has to be unique was taken meanwhile.',
  '54000': 'A value is too long.',
  '57014': 'The database took too long.',
};

/**
 * What users may be told of an error: of one that the server has reported no values and no names of tables, which the log has. Exceptions
 * that functions of our own raise have words of our own.
 */
export function wordsOf(error: unknown): string {
  if (!isServerError(error) || error.code.startsWith('P0')) return messageOf(error);
  const { code } = error;
  return WORDS[code] ?? (code.startsWith('22') ? 'A value is malformed or out of range.' : refusal(code));
}

const refusal = (code: string) =>
  `The database has refused a statement (SQLSTATE ${code}); the log of the server tells why.`;

/** What the driver throws for an error reported by the server. */
interface ServerError extends Error {
  code: string;
  constraint?: string;
  severity: string;
}

const connectionMessages = [
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed',
  'timeout exceeded when trying to connect',
  'Cannot use a pool after calling end',
];
const systemCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
// Shut down by an administrator, crash of another backend, starting up, too many connections, idle session ended.
const serverCodes = new Set(['57P01', '57P02', '57P03', '53300', '57P05', '25P03']);
// Out of memory, of other resources, or of what the configuration allows: later there may be enough.
const scarceCodes = new Set(['53000', '53200', '53400']);
const DISK_FULL = '53100';

/** Whether an error of the driver says that the connection, not the statement, has failed. */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true;
  if (!(error instanceof Error)) return false;
  const code = (error as Partial<ServerError>).code;
  if (typeof code === 'string') {
    if (systemCodes.has(code) || serverCodes.has(code)) return true;
    // Class 08 is connection exceptions. Node's own codes are longer than the five characters of an SQLSTATE.
    if (code.length === 5 && code.startsWith('08')) return true;
  }
  return connectionMessages.some((message) => error.message.startsWith(message));
}

/** The error to hand to callers for one of the driver. Only what has come from it may be given: others have the same codes. */
export function translateError(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable) return error;
  if (isConnectionError(error)) return new DatabaseUnavailable(error);
  if (!isServerError(error)) return error;
  if (error.code === DISK_FULL) return new DatabaseFull(error);
  return scarceCodes.has(error.code) ? new DatabaseUnavailable(error) : error;
}

/** Whether an error is one that the server has reported, whoever throws it on. */
export function isServerError(error: unknown): error is ServerError {
  const { code, severity } = error as Partial<ServerError>;
  return error instanceof Error && typeof severity === 'string' && code?.length === 5;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as Partial<ServerError>).code : undefined;
}

/** Whether running the whole transaction again can succeed: serialization failure or deadlock. */
export function isRetryable(error: unknown): boolean {
  const code = codeOf(error);
  return code === '40001' || code === '40P01';
}

/** A migration elsewhere changed a table below a prepared statement of this connection. */
export function isStalePlan(error: unknown): boolean {
  return codeOf(error) === '0A000' && messageOf(error).includes('cached plan must not change result type');
}

/** Name of the violated unique or exclusion constraint, or undefined for any other error. */
export function violatedUnique(error: unknown): string | undefined {
  const code = codeOf(error);
  return code === '23505' || code === '23P01' ? ((error as ServerError).constraint ?? '') : undefined;
}

/** Name of the violated foreign key constraint, or undefined for any other error. */
export function violatedForeignKey(error: unknown): string | undefined {
  return codeOf(error) === '23503' ? ((error as ServerError).constraint ?? '') : undefined;
}
