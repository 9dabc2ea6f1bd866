/** One request and its answer over given connections: no redirects, no retries. */
import type { Dispatcher } from 'undici';
import { connectionError } from './download-error.ts';
import { ResponseBody } from './response-body.ts';

interface ExchangeRequest {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body?: string | Uint8Array | null | undefined;
  signal?: AbortSignal | undefined;
  /** The URL in errors, where it is not to be told as it is. */
  shown?: string | undefined;
  /** Milliseconds without data after which it fails; 0 for none. */
  silenceTimeout: number;
}

/** Header names are in lower case. */
export type ResponseHeaders = Record<string, string | string[] | undefined>;

export interface Answer {
  status: number;
  reason: string;
  headers: ResponseHeaders;
  body: ResponseBody;
}

/** Sends the request; resolves when the headers are there. Rejects with DownloadError or the signal's reason; so does the body. */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const handler = new ExchangeHandler(request, resolve, reject);
    const { url, method, headers, silenceTimeout } = request;
    const timeouts = { headersTimeout: silenceTimeout, bodyTimeout: silenceTimeout };
    const target = { origin: url.origin, path: url.pathname + url.search, body: request.body ?? null };
    try {
      dispatcher.dispatch({ ...target, method, headers, ...timeouts }, handler);
    } catch (error) {
      handler.fail(error);
    }
  });
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #request: ExchangeRequest;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #onAbort = () => this.#abort();
  #controller: Dispatcher.DispatchController | undefined;
  #body: ResponseBody | undefined;

  constructor(request: ExchangeRequest, resolve: (answer: Answer) => void, reject: (reason: unknown) => void) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    if (request.signal?.aborted) this.#abort();
    else request.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#request.signal?.aborted) this.#abort();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: ResponseHeaders,
    reason?: string,
  ): void {
    if (status < 200) return;
    this.#body = new ResponseBody(controller, lengthOf(headers));
    this.#resolve({ status, reason: reason ?? '', headers, body: this.#body });
  }

  onResponseData(_controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#body?.push(piece);
  }

  onResponseEnd(): void {
    this.#forgetSignal();
    this.#body?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.fail(error);
  }

  /** An abort by the caller is thrown as the reason that was given. */
  fail(error: unknown): void {
    this.#forgetSignal();
    const { signal, url, shown = url.href } = this.#request;
    const reason = signal?.aborted ? signal.reason : connectionError(shown, error, this.#body !== undefined);
    this.#body?.fail(reason);
    this.#reject(reason);
  }

  #abort(): void {
    const reason: unknown = this.#request.signal?.reason;
    this.fail(reason);
    this.#controller?.abort(reason instanceof Error ? reason : new Error(String(reason)));
  }

  #forgetSignal(): void {
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
  }
}

function lengthOf(headers: ResponseHeaders): number | undefined {
  const text = headers['content-length'];
  return typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : undefined;
}
