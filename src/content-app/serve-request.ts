/** The life of one content request: path, distribution, guard, what is there, and sending it. */

import { constants } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DatabaseUnavailable } from '../db/errors.ts';
import { messageOf } from '../lib/errors.ts';
import type { Services } from '../plugin-api/contracts/context.ts';
import { DamagedFile, MissingFile, StorageUnavailable } from '../storage/storage-errors.ts';
import type { DistributionCache } from './distributions/distribution-cache.ts';
import { leadsToDistributions, listDistributions } from './distributions/list-distributions.ts';
import { pullsThrough, type ServedEntry } from './distributions/served-entry.ts';
import type { CheckGuard } from './guards/check-guard.ts';
import type { KeptAnswers } from './kept/kept-answers.ts';
import { bufferOf, type KeptState, type MadeAnswer } from './kept/kept-state.ts';
import type { AnswerCache, CachedAnswer } from './paths/answer-cache.ts';
import type { FoundFile } from './paths/find-file.ts';
import { type RequestedPath, requestedPath, rootWithoutSlash } from './paths/requested-path.ts';
import { type Answer, fileAnswer, type PathResolver, type RemoteAnswer, type Resolved } from './paths/resolve-path.ts';
import type { StoredFile } from './paths/stored-file.ts';
import { accelPrefixFor } from './send/accel-prefix.ts';
import { sendFile } from './send/send-file.ts';
import { sendKept } from './send/send-kept.ts';
import { type CacheMark, sendBody, sendRedirect, sendStatus } from './send/send-text.ts';
import { ClientGone, closeFile, copyFile, openFile } from './upstream/copy-file.ts';
import { NotFetched, OnDemand, type OnDemandTools } from './upstream/on-demand.ts';
import { type KeepPulled, PullThrough } from './upstream/pull-through.ts';
import { UpstreamRefused } from './upstream/upstream.ts';

const HTML = 'text/html; charset=utf-8';

interface ContentServerParts {
  readonly services: Services;
  readonly distributions: DistributionCache;
  readonly answers: AnswerCache;
  /** Answers of package types. */
  readonly kept: KeptAnswers;
  readonly resolver: PathResolver;
  readonly tools: OnDemandTools;
  readonly guards: CheckGuard | undefined;
  readonly keepPulled: KeepPulled | undefined;
}

/** A request on its way, with what is known so far. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requested: RequestedPath;
  readonly entry: ServedEntry;
  /** Path below the base path. */
  readonly path: string;
  readonly key: string;
  /** What is kept of the answers of its type, where the type lets the core keep some. */
  readonly kept: Promise<KeptState> | undefined;
  /** The entry was found to be outdated once already. */
  readonly again: boolean;
}

export class ContentServer {
  readonly #parts: ContentServerParts;
  readonly #onDemand: OnDemand;
  readonly #pullThrough: PullThrough;

  constructor(parts: ContentServerParts) {
    this.#parts = parts;
    this.#onDemand = new OnDemand(parts.tools);
    this.#pullThrough = new PullThrough(parts.tools, parts.keepPulled);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        return sendStatus(request, response, { status: 405, headers: { Allow: 'GET,HEAD' } });
      }
      await this.#answer(request, response);
    } catch (error) {
      this.#fail(request, response, error);
    }
  }

  #fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (error instanceof ClientGone || response.destroyed) return;
    const { logger } = this.#parts.services;
    const passing = error instanceof DatabaseUnavailable || error instanceof StorageUnavailable;
    if (passing) logger.warn({ error: messageOf(error), url: request.url }, 'database or storage are not available');
    else logger.error({ err: error, url: request.url }, 'could not serve content');
    // A body that was begun cannot be taken back: the client must see that it is not complete.
    if (response.headersSent) response.destroy();
    else sendStatus(request, response, passing ? { status: 503, headers: { 'Retry-After': '5' } } : { status: 500 });
  }

  async #answer(request: IncomingMessage, response: ServerResponse, again = false): Promise<void> {
    const { settings } = this.#parts.services;
    const root = rootWithoutSlash(request.url ?? '', settings);
    if (root) return sendRedirect(request, response, root, { status: 301 });
    const requested = requestedPath(request.url ?? '', settings);
    if (!requested) return sendStatus(request, response, { status: 404 });
    const entry = await this.#parts.distributions.find(requested.domain, requested.path);
    if (!entry) return this.#aboveDistributions(request, response, requested);
    const kept = entry.type?.keeps && this.#parts.kept.of(entry);
    kept?.catch(() => undefined); // whoever is let through sees the error
    const refusal = await this.#refusalOf(entry, request, requested);
    if (refusal !== undefined) return sendStatus(request, response, { status: 403, reason: refusal });
    const { basePath } = entry.distribution;
    if (requested.path.length === basePath.length) return redirectToDirectory(request, response, requested);
    const path = pathBelow(entry, requested.path, request.url!);
    await this.#serve({ request, response, requested, entry, path, key: `${entry.serial}/${path}`, kept, again });
  }

  async #refusalOf(
    { guard, distribution }: ServedEntry,
    message: IncomingMessage,
    { path }: RequestedPath,
  ): Promise<string | undefined> {
    if (!guard) return undefined;
    const { guards } = this.#parts;
    if (!guards) return 'Access denied.';
    const { url = '', headers } = message;
    return await guards(guard, distribution.domain, { message, url, headers, path });
  }

  async #serve(exchange: Exchange): Promise<void> {
    const { entry, path, requested, key } = exchange;
    const { answers, resolver } = this.#parts;
    const own = await this.#byPlugin(exchange);
    if (own === 'sent') return;
    if (own) return this.#send(exchange, own.answer, undefined);
    const cached = answers.get(key);
    if (cached) return this.#send(exchange, cached, 'HIT');
    const { answer, keep } = await resolver.resolve(entry, path, requested);
    if (!isCacheable(answer) || keep <= 0) return this.#send(exchange, answer, undefined);
    // What is missing here may be found upstream, now or later.
    if (answer.kind === 'missing' && pullsThrough(entry)) return this.#send(exchange, answer, undefined);
    answers.set(key, answer, keep);
    await this.#send(exchange, answer, 'MISS');
  }

  /** The type's own answer, if it has one for this request; those that may be kept are sent from there. */
  async #byPlugin(exchange: Exchange): Promise<Resolved | 'sent' | undefined> {
    const { entry, path, request, response } = exchange;
    const ask = () => this.#parts.resolver.byPlugin(entry, path, request);
    const key = entry.type?.keeps?.(path, request.headers);
    if (!key || !exchange.kept) return await ask();
    const state = await exchange.kept;
    let own: Resolved | undefined;
    let asked = false;
    const found =
      state.find(key) ??
      (await state.make(key, async () => {
        asked = true;
        own = await ask();
        return own && keepable(own.answer);
      }));
    if (!found) return asked ? own : await ask();
    await sendKept(request, response, found);
    return 'sent';
  }

  async #send(exchange: Exchange, answer: Answer, mark: CacheMark): Promise<void> {
    const { request, response, requested, entry } = exchange;
    switch (answer.kind) {
      case 'file':
        return this.#sendFile(exchange, answer.file, mark);
      case 'remote':
        return this.#sendRemote(exchange, answer);
      case 'listing':
        return sendBody(request, response, answer.body, HTML, { status: 200, mark });
      case 'largeListing':
        return sendTemporary(exchange, answer.file);
      case 'directory':
        return redirectToDirectory(request, response, requested);
      case 'moved':
        return sendRedirect(request, response, answer.location, { status: 301 });
      case 'redirect':
        return sendRedirect(request, response, answer.location, { status: answer.status ?? 302 });
      case 'text':
        return sendBody(request, response, answer.body, answer.contentType, {
          status: answer.status ?? 200,
          headers: answer.headers ?? {},
        });
      case 'missing':
        if (pullsThrough(entry)) return this.#pull(exchange);
        if (!exchange.again && !(await this.#parts.distributions.confirm(entry)))
          return this.#answer(request, response, true);
        return sendStatus(request, response, { status: 404, reason: answer.reason, mark });
    }
  }

  async #sendFile(exchange: Exchange, file: StoredFile, mark: CacheMark): Promise<void> {
    const { request, response, entry, key } = exchange;
    const { answers, services } = this.#parts;
    const accelPrefix = accelPrefixFor(request, services);
    const onBody = mark && (() => answers.grown(key));
    try {
      await sendFile(request, response, file, { mark, redirects: entry.redirects, accelPrefix, onBody });
    } catch (error) {
      if (!(error instanceof MissingFile) || response.headersSent) throw error;
      answers.delete(key);
      if (mark === 'HIT') return this.#serve(exchange);
      const wrong = error instanceof DamagedFile ? 'damaged' : 'missing';
      services.logger.error({ key: file.key }, `an artifact is ${wrong} in the storage; repair/ of the API mends it`);
      sendStatus(request, response, { status: 404 });
    }
  }

  async #sendRemote(exchange: Exchange, answer: RemoteAnswer): Promise<void> {
    const { request, response, entry } = exchange;
    try {
      const here = await this.#onDemand.send(request, response, entry, answer);
      if (here) await this.#sendFound(exchange, here);
    } catch (error) {
      if (!(error instanceof NotFetched) || response.headersSent) throw error;
      const { status, retryAfter } = error.trouble;
      const headers: Record<string, string> = {};
      if (retryAfter !== undefined) headers['Retry-After'] = String(Math.ceil(retryAfter));
      sendStatus(request, response, { status, headers });
    }
  }

  async #pull(exchange: Exchange): Promise<void> {
    const { request, response, entry, path } = exchange;
    try {
      const known = await this.#pullThrough.send(request, response, entry, path);
      if (known) await this.#sendFound(exchange, known);
      else if (!response.headersSent) sendStatus(request, response, { status: 404 });
    } catch (error) {
      if (response.headersSent || error instanceof ClientGone) throw error;
      const { status, reason, url } =
        error instanceof UpstreamRefused ? error : { status: 502, reason: 'no answer', url: '' };
      const text = `Error while fetching from upstream remote(${url}): ${reason}`;
      sendStatus(request, response, { status: status >= 400 ? status : 502, reason: text });
    }
  }

  #sendFound(exchange: Exchange, found: FoundFile): Promise<void> {
    return this.#send(exchange, fileAnswer(exchange.entry, found), undefined);
  }

  async #aboveDistributions(
    request: IncomingMessage,
    response: ServerResponse,
    requested: RequestedPath,
  ): Promise<void> {
    const { db, settings } = this.#parts.services;
    const { domain, path, root } = requested;
    if (path.includes('//') || path.startsWith('/')) return sendStatus(request, response, { status: 404 });
    if (path !== '' && !path.endsWith('/')) {
      if (await leadsToDistributions(db, domain, path)) return redirectToDirectory(request, response, requested);
      return sendStatus(request, response, { status: 404 });
    }
    const hideGuarded = settings.hideGuardedDistributions;
    const page = await listDistributions(db, { domain, path, root, hideGuarded });
    if (page === undefined) return sendStatus(request, response, { status: 404 });
    if (path === '' && !root.endsWith('/')) return redirectToDirectory(request, response, requested);
    sendBody(request, response, page, HTML);
  }
}

/** Clients join base URLs and paths with one slash too many; a type may give the query of a URL a meaning. */
function pathBelow({ type, distribution }: ServedEntry, requested: string, url: string): string {
  let start = distribution.basePath.length + 1;
  while (requested[start] === '/') start++;
  const path = requested.slice(start);
  const mark = type?.pathWith ? url.indexOf('?') : -1;
  return mark < 0 ? path : type!.pathWith!(path, new URLSearchParams(url.slice(mark + 1)));
}

/** What is kept of an answer of a type; undefined for those that are not whole texts. */
function keepable(answer: Answer): MadeAnswer | undefined {
  if (answer.kind !== 'text' || (answer.status ?? 200) !== 200) return undefined;
  return { bytes: bufferOf(answer.body), contentType: answer.contentType, headers: answer.headers };
}

function isCacheable(answer: Answer): answer is CachedAnswer {
  return ['file', 'listing', 'directory', 'missing'].includes(answer.kind);
}

function redirectToDirectory(request: IncomingMessage, response: ServerResponse, requested: RequestedPath): void {
  sendRedirect(request, response, `${requested.raw}/`, { status: 301 });
}

/** Sends a page that was too large for memory, and removes it. */
async function sendTemporary(
  { request, response, entry }: Exchange,
  file: { path: string; size: number },
): Promise<void> {
  try {
    const fd = await openFile(file.path, constants.O_RDONLY);
    try {
      response.writeHead(200, ['Content-Type', HTML, 'Content-Length', String(file.size)]);
      if (request.method !== 'HEAD') await copyFile(fd, 0, file.size, response);
      response.end();
    } finally {
      await closeFile(fd);
    }
  } finally {
    await entry.store.discard(file);
  }
}
