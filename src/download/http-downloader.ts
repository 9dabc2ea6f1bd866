/** Downloads from one remote, within its limits: the only way in which the server fetches anything. */

import { RateLimiter } from '../lib/flow/rate-limiter.ts';
import { Semaphore } from '../lib/flow/semaphore.ts';
import { unlessAborted } from '../lib/flow/unless-aborted.ts';
import { BodyMismatch } from '../lib/http/body-mismatch.ts';
import { type Clock, systemClock } from '../lib/process/clock.ts';
import { unescaped } from '../lib/text/unescaped.ts';
import { RemoteAgent, type SentRequest } from './behaviour/remote-agent.ts';
import type { OwnAnswer, OwnRequest, RemoteAccess, RemoteBehaviour } from './behaviour/remote-behaviour.ts';
import { type Dispatchers, openDispatchers } from './connection/dispatchers.ts';
import { basicToken } from './connection/proxy.ts';
import { isSameServer } from './connection/same-server.ts';
import { DownloadError, isRetryableStatus, mismatchError, statusError } from './download-error.ts';
import { DownloadResponse } from './download-response.ts';
import { type Answer, exchange } from './exchange.ts';
import { openLocalFile } from './local-file.ts';
import { type Hop, isRedirect, RedirectTrail } from './redirects.ts';
import { type Limits, limitsOf, type RemoteSettings } from './remote-settings.ts';
import { RequestHeaders, USER_AGENT } from './request-headers.ts';
import { parseRetryAfter, withRetries } from './retry.ts';

/** Milliseconds for, and bytes of, what the type of a remote asks for itself. */
const OWN_TIMEOUT = 30_000;
const OWN_LIMIT = 1024 * 1024;

export interface DownloaderOptions {
  /** Directories below which `file:` URLs may be read; none by default. */
  allowedPaths?: readonly string[];
  /** Instead of NO_PROXY of the environment. */
  noProxy?: string;
  clock?: Clock;
  random?: () => number;
  /** What the type of the remote adds, and what it works with. */
  behaviour?: { readonly type: RemoteBehaviour; readonly access: Omit<RemoteAccess, 'ask'> } | undefined;
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
  readonly #agent: RemoteAgent | undefined;
  #closed = false;

  constructor(remote: RemoteSettings, options: DownloaderOptions = {}) {
    this.remote = remote;
    this.limits = limitsOf(remote);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#headers = new RequestHeaders(remote);
    const { behaviour } = options;
    const ask: RemoteAccess['ask'] = (url, request) => this.#ask(url, request);
    this.#agent = behaviour && new RemoteAgent(behaviour.type, { ...behaviour.access, ask });
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
    const url = parseUrl(text, this.#agent !== undefined);
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
      const { answer, sent } = await this.#sendAccepted(hop, asked, options);
      if (options.followRedirects === false || !isRedirect(answer)) return { answer, at: hop.url };
      answer.body.cancel();
      const next = trail.next({ ...hop, url: sent }, answer);
      hop = this.#agent?.concealed(next, hop.url, sent) ?? next;
    }
  }

  /** Sends a request as the type of the remote wants it, and once more when that has an answer to a refusal. */
  async #sendAccepted(hop: Hop, asked: URL, options: FetchOptions): Promise<{ answer: Answer; sent: URL }> {
    const agent = this.#agent;
    for (let again = false; ; again = true) {
      const sent = agent && (await unlessAborted(agent.prepare(hop), options.signal));
      const headers = this.#headersOf(hop, sent, asked, options);
      const answer = await this.#send(hop, sent, headers, options.signal);
      const asks = again ? undefined : agent?.challenge(hop, answer, headers.authorization);
      const renewed = asks && (await unlessAborted(asks, options.signal));
      if (!renewed) return { answer, sent: sent?.url ?? hop.url };
      answer.body.cancel();
    }
  }

  async #send(
    hop: Hop,
    sent: SentRequest | undefined,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    await this.#rate?.take(signal);
    const { url = hop.url, shown } = sent ?? {};
    const { silenceTimeout } = this.limits;
    return exchange(this.#dispatchers.forUrl(url), { ...hop, url, shown, headers, signal, silenceTimeout });
  }

  #headersOf(hop: Hop, sent: SentRequest | undefined, asked: URL, options: FetchOptions): Record<string, string> {
    const headers = this.#headers.for(sent?.url ?? hop.url, isSameServer(asked, hop.url), options.headers);
    if (options.compressed) headers['accept-encoding'] = 'gzip, br, zstd';
    for (const [name, value] of Object.entries(sent?.headers ?? {})) {
      if (value === null) delete headers[name.toLowerCase()];
      else headers[name.toLowerCase()] = value;
    }
    return headers;
  }

  /** See RemoteAccess. It must not wait for a permit: who holds the last one may be waiting for it. */
  async #ask(text: string, request: OwnRequest = {}): Promise<OwnAnswer> {
    const url = parseUrl(text);
    const signal = AbortSignal.timeout(OWN_TIMEOUT);
    const headers = { accept: '*/*', 'user-agent': USER_AGENT, ...request.headers };
    const { method = 'GET', body = null } = request;
    const shown = `${url.origin}${url.pathname}`;
    const options = { url, method, headers, body, shown, signal, silenceTimeout: OWN_TIMEOUT };
    try {
      const response = responseOf(await exchange(this.#dispatchers.forUrl(url), options), new URL(shown));
      return { status: response.status, text: await response.text(OWN_LIMIT), header: (name) => response.header(name) };
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new DownloadError(shown, 'timeout', `${url.host} has not answered within ${OWN_TIMEOUT / 1000} seconds`);
    }
  }
}

function responseOf(answer: Answer, at: URL): DownloadResponse {
  const head = { status: answer.status, reason: answer.reason, headers: answer.headers, url: at.href };
  return new DownloadResponse(head, answer.body, () => answer.body.cancel());
}

function errorOf(response: DownloadResponse): DownloadError {
  return statusError(response.url, response.status, response.reason, parseRetryAfter(response.header('retry-after')));
}

/** With `any` other schemes too, which the type of the remote may know. */
function parseUrl(text: string, any = false): URL {
  const url = URL.parse(text);
  if (!url) throw new DownloadError(text, 'refused', `'${text}' is not a URL`);
  if (!any && !['http:', 'https:', 'file:'].includes(url.protocol)) {
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
  return { authorization: basicToken(unescaped(url.username), unescaped(url.password)) };
}
