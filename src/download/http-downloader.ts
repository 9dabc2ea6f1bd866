/** Downloads from one remote, within its limits: the only way in which the server fetches anything. */

import { RateLimiter } from '../lib/flow/rate-limiter.ts';
import { Semaphore } from '../lib/flow/semaphore.ts';
import { BodyMismatch } from '../lib/http/body-mismatch.ts';
import { type Clock, systemClock } from '../lib/process/clock.ts';
import { type Dispatchers, openDispatchers } from './connection/dispatchers.ts';
import { basicToken } from './connection/proxy.ts';
import { DownloadError, isRetryableStatus, mismatchError, statusError } from './download-error.ts';
import { DownloadResponse } from './download-response.ts';
import { type Answer, exchange } from './exchange.ts';
import { openLocalFile } from './local-file.ts';
import { type Hop, isRedirect, RedirectTrail } from './redirects.ts';
import { type Limits, limitsOf, type RemoteSettings } from './remote-settings.ts';
import { RequestHeaders } from './request-headers.ts';
import { parseRetryAfter, withRetries } from './retry.ts';

export interface DownloaderOptions {
  /** Directories below which `file:` URLs may be read; none by default. */
  allowedPaths?: readonly string[];
  /** Instead of NO_PROXY of the environment. */
  noProxy?: string;
  clock?: Clock;
  random?: () => number;
}

export interface DownloadOptions {
  /** Sent with this request; Authorization and Cookie go to the server of the URL only. */
  headers?: Readonly<Record<string, string>> | undefined;
  signal?: AbortSignal | undefined;
  /** Instead of those of the remote; 0 is none here. */
  retries?: number | undefined;
}

export interface FetchOptions extends DownloadOptions {
  /** GET by default. */
  method?: string | undefined;
  body?: string | Uint8Array | null | undefined;
  /** Lets the server compress the answer: read it by decoded(), bytes(), text() or json(). */
  compressed?: boolean | undefined;
  /** False answers redirects as they are. */
  followRedirects?: boolean | undefined;
}

/** Consumes a body; called anew with a new body for every try. */
export type Sink<T> = (body: AsyncIterable<Uint8Array>, response: DownloadResponse) => Promise<T>;

export class Downloader {
  readonly remote: RemoteSettings;
  readonly limits: Limits;
  readonly #options: DownloaderOptions;
  readonly #headers: RequestHeaders;
  readonly #dispatchers: Dispatchers;
  readonly #permits: Semaphore;
  readonly #rate: RateLimiter | undefined;
  readonly #clock: Clock;
  #closed = false;

  constructor(remote: RemoteSettings, options: DownloaderOptions = {}) {
    this.remote = remote;
    this.limits = limitsOf(remote);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#headers = new RequestHeaders(remote);
    this.#dispatchers = openDispatchers(remote, options.noProxy);
    this.#permits = new Semaphore(this.limits.concurrency);
    this.#rate = this.limits.rate === undefined ? undefined : new RateLimiter(this.limits.rate, this.#clock);
  }

  /**
   * The answer to a request, whatever its status, once its headers are there; 429, 5xx and failed connections are retried first.
   * Throws DownloadError or the signal's reason. An error in the middle of the body is thrown by the body, without retry.
   */
  async fetch(url: string, options: FetchOptions = {}): Promise<DownloadResponse> {
    return this.#retrying(options, async (isLast) => {
      const { response } = await this.#request(url, options);
      if (isLast || !isRetryableStatus(response.status)) return response;
      response.cancel();
      throw errorOf(response);
    });
  }

  /**
   * Hands the body of a GET to `sink` and answers what that answers. Any status but 200 is a DownloadError. What may heal is retried
   * with a new call of the sink: connections, broken bodies, 429, 5xx, and a BodyMismatch thrown by the sink.
   */
  async download<T>(url: string, sink: Sink<T>, options: DownloadOptions = {}): Promise<T> {
    return this.#retrying(options, async () => {
      const { response, failure } = await this.#request(url, options);
      try {
        if (response.status !== 200) throw errorOf(response);
        return await sink(response.body, response);
      } catch (error) {
        const cause = failure() ?? error;
        throw cause instanceof BodyMismatch ? mismatchError(url, cause) : cause;
      } finally {
        response.cancel();
      }
    });
  }

  /** Ends all connections: at once, so that running downloads fail, or gracefully, once they have ended. */
  async close(options: { gracefully?: boolean } = {}): Promise<void> {
    this.#closed = true;
    await this.#dispatchers.close(options.gracefully ?? false);
  }

  #retrying<T>(options: DownloadOptions, attempt: (isLast: boolean) => Promise<T>): Promise<T> {
    const { signal, retries = this.limits.retries } = options;
    return withRetries({ retries, signal, clock: this.#clock, random: this.#options.random ?? Math.random }, attempt);
  }

  /** One try, with its redirects, holding one permit until the last byte came. */
  async #request(text: string, options: FetchOptions): Promise<{ response: DownloadResponse; failure: () => unknown }> {
    const url = parseUrl(text);
    if (this.#closed) throw new DownloadError(text, 'refused', 'The downloader has been closed');
    if (url.protocol === 'file:') {
      return { response: await openLocalFile(url, this.#options.allowedPaths ?? []), failure: () => undefined };
    }
    const deadline = deadlineOf(url, this.limits.totalTimeout, options.signal);
    const headers = { ...credentialsOf(url), ...options.headers };
    let release: () => void = () => undefined;
    try {
      release = await this.#permits.acquire(1, deadline.signal);
      const { answer, at } = await this.#follow(url, { ...options, headers, signal: deadline.signal });
      answer.body.onFree(release);
      answer.body.onEnd(deadline.clear);
      return { response: responseOf(answer, at), failure: () => answer.body.failure };
    } catch (error) {
      release();
      deadline.clear();
      throw error;
    }
  }

  async #follow(asked: URL, options: FetchOptions): Promise<{ answer: Answer; at: URL }> {
    let hop: Hop = { url: asked, method: options.method ?? 'GET', body: options.body ?? null };
    const trail = new RedirectTrail(hop);
    for (;;) {
      const answer = await this.#send(hop, asked, options);
      if (options.followRedirects === false || !isRedirect(answer)) return { answer, at: hop.url };
      answer.body.cancel();
      hop = trail.next(hop, answer);
    }
  }

  async #send(hop: Hop, asked: URL, options: FetchOptions): Promise<Answer> {
    await this.#rate?.take(options.signal);
    const headers = this.#headers.for(hop.url, asked, options.headers);
    if (options.compressed) headers['accept-encoding'] = 'gzip, br, zstd';
    const { silenceTimeout } = this.limits;
    return exchange(this.#dispatchers.forUrl(hop.url), { ...hop, headers, signal: options.signal, silenceTimeout });
  }
}

function responseOf(answer: Answer, at: URL): DownloadResponse {
  const head = { status: answer.status, reason: answer.reason, headers: answer.headers, url: at.href };
  return new DownloadResponse(head, answer.body, () => answer.body.cancel());
}

function errorOf(response: DownloadResponse): DownloadError {
  return statusError(response.url, response.status, response.reason, parseRetryAfter(response.header('retry-after')));
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url) throw new DownloadError(text, 'refused', `'${text}' is not a URL`);
  if (!['http:', 'https:', 'file:'].includes(url.protocol)) {
    throw new DownloadError(text, 'refused', `Only http and https URLs can be downloaded, url='${url.href}'`);
  }
  return url;
}

interface Deadline {
  signal: AbortSignal | undefined;
  clear: () => void;
}

/** The caller's signal, and one that ends a try that takes too long. */
function deadlineOf(url: URL, milliseconds: number, signal: AbortSignal | undefined): Deadline {
  if (milliseconds === 0) return { signal, clear: () => undefined };
  const late = new AbortController();
  const error = new DownloadError(url.href, 'timeout', `The download took longer than ${milliseconds / 1000} seconds`);
  const timer = setTimeout(() => late.abort(error), milliseconds);
  return { signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal, clear: () => clearTimeout(timer) };
}

/** User and password of the URL itself, as the header they become. */
function credentialsOf(url: URL): Record<string, string> {
  if (url.username === '') return {};
  return { authorization: basicToken(decodeURIComponent(url.username), decodeURIComponent(url.password)) };
}
