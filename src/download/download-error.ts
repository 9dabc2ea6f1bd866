/** The error of a download that failed, with texts in the form users of Pulp know from their tasks. */
import { STATUS_CODES } from 'node:http';
import { BodyMismatch } from '../lib/http/body-mismatch.ts';

/** `refused` are those that no further try can heal: wrong URLs, forbidden paths, too many redirects, too large bodies. */
type DownloadFailure = 'status' | 'connect' | 'tls' | 'disconnect' | 'timeout' | 'mismatch' | 'refused';

export class DownloadError extends Error {
  override readonly name = 'DownloadError';
  /** The URL asked for, without user and password. */
  readonly url: string;
  readonly failure: DownloadFailure;
  /** Of an answer of the server or the proxy. */
  readonly status: number | undefined;
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter: number | undefined;

  constructor(
    url: string,
    failure: DownloadFailure,
    message: string,
    details: { status?: number; retryAfter?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.url = withoutCredentials(url);
    this.failure = failure;
    this.status = details.status;
    this.retryAfter = details.retryAfter;
  }

  /** True for what may heal by itself: everything about the connection, wrong bodies, 429 and 5xx. */
  get retryable(): boolean {
    if (this.failure === 'status') return isRetryableStatus(this.status ?? 0);
    return this.failure !== 'refused';
  }
}

export function isRetryableStatus(status: number): boolean {
  return status === 429 || (status >= 500 && status <= 599);
}

/** `404, message='Not Found', url='…'` */
export function statusError(url: string, status: number, reason: string, retryAfter?: number): DownloadError {
  const message = `${status}, message='${reason || STATUS_CODES[status] || ''}', url='${withoutCredentials(url)}'`;
  return new DownloadError(url, 'status', message, { status, retryAfter });
}

/** A body with another digest or size than expected. */
export function mismatchError(url: string, mismatch: BodyMismatch): DownloadError {
  const what = mismatch.what === 'size' ? 'size' : 'checksum';
  const values = `Expected '${mismatch.expected}', Actual '${mismatch.actual}'`;
  const message = `A file located at the url ${withoutCredentials(url)} failed validation due to ${what}. ${values}`;
  return new DownloadError(url, 'mismatch', message, { cause: mismatch });
}

export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i, '$1');
}

const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);
const DISCONNECTS = new Set([
  'UND_ERR_SOCKET',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_DESTROYED',
]);
const CERTIFICATE =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/;
const PROXY_STATUS = /^Proxy response \((\d{3})\)|^Proxy Authentication Required \((\d{3})\)/;

/** The error for one of the HTTP client; `started` when headers had arrived. Errors of the program itself are answered as they are. */
export function connectionError(url: string, error: unknown, started: boolean): unknown {
  if (!(error instanceof Error) || error instanceof DownloadError || error instanceof BodyMismatch) return error;
  const code = codeOf(error);
  const proxy = PROXY_STATUS.exec(error.message);
  if (proxy) return statusError(url, Number(proxy[1] ?? proxy[2]), '');
  const fail = (failure: DownloadFailure, message: string) =>
    new DownloadError(url, failure, message, { cause: error });
  if (code === 'UND_ERR_CONNECT_TIMEOUT')
    return fail('timeout', `Connection timeout to host ${withoutCredentials(url)}`);
  if (TIMEOUTS.has(code))
    return fail('timeout', `Timeout on reading data from socket, url='${withoutCredentials(url)}'`);
  if (CERTIFICATE.test(code))
    return fail('tls', `Cannot connect to host ${hostOf(url)} ssl:True [${code}: ${error.message}]`);
  if (code === 'UND_ERR_INVALID_ARG') return fail('refused', `Not a valid request: ${error.message}`);
  if (started) return fail('disconnect', `Response payload is not completed, url='${withoutCredentials(url)}'`);
  if (DISCONNECTS.has(code)) return fail('disconnect', `Server disconnected, url='${withoutCredentials(url)}'`);
  return fail('connect', `Cannot connect to host ${hostOf(url)} ssl:default [${error.message || code}]`);
}

/** Attempts at several addresses come as one error holding the others. */
function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause instanceof Error ? codeOf(error.cause) : '';
}

function hostOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}
