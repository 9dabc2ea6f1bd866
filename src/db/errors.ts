/** Failures of the database sorted into the kinds that callers react to. */

/** The database cannot be reached at the moment: the same request may work later (answered as 503). */
export class DatabaseUnavailable extends Error {
  constructor(cause: unknown) {
    super(`The database is not available: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'DatabaseUnavailable';
  }
}

/** What the driver throws for an error reported by the server. */
interface ServerError extends Error {
  code: string;
  constraint?: string;
  table?: string;
  column?: string;
  detail?: string;
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

/** Whether the error says that the connection, not the statement, has failed. */
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

/** The error to hand to callers: connection failures become `DatabaseUnavailable`, all others stay as they are. */
export function translateError(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable || !isConnectionError(error)) return error;
  return new DatabaseUnavailable(error);
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
  return codeOf(error) === '0A000' && (error as Error).message.includes('cached plan must not change result type');
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
