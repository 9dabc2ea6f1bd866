/** The few error classes of the server; they are translated to answers only in api, content-app and the task child. */

/** Body of a 400: messages by field, lists of messages, or a bare list, in the shapes of core.md §1.8. */
export type ErrorBody = string[] | { [field: string]: ErrorBody | string };

/** Something in a request is not valid; `body` is sent as is with status 400. */
export class ValidationError extends Error {
  readonly body: ErrorBody;
  constructor(body: ErrorBody) {
    super(JSON.stringify(body));
    this.name = 'ValidationError';
    this.body = body;
  }
  /** An error under one field. */
  static field(name: string, message: string): ValidationError {
    return new ValidationError({ [name]: [message] });
  }
  /** An error that concerns several fields. */
  static cross(message: string): ValidationError {
    return new ValidationError({ non_field_errors: [message] });
  }
}

/** An answer other than 400 with `{"detail": …}` (403, 404, 405, 409, 413, 415, 503, 507 …). */
export class HttpError extends Error {
  readonly status: number;
  readonly detail: string;
  readonly headers: Record<string, string>;
  constructor(status: number, detail: string, headers: Record<string, string> = {}) {
    super(detail);
    this.name = 'HttpError';
    this.status = status;
    this.detail = detail;
    this.headers = headers;
  }
}

/** A failure of a task that has a code of its own (core.md §2.1); the text says what to do. */
export class PulpError extends Error {
  readonly code: string;
  /** What the message says as data, for programs. */
  readonly details: unknown;
  constructor(code: string, message: string, details?: unknown) {
    super(`[${code}] ${message}`);
    this.name = 'PulpError';
    this.code = code;
    this.details = details;
  }
}

/** The lease under which a task ran is gone: nothing more may be written on its behalf. */
export class LeaseLost extends Error {
  constructor(what: string) {
    super(`${what} is no longer held by this process`);
    this.name = 'LeaseLost';
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
