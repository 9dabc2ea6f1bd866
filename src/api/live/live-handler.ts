/** Gives requests for the live protocols of package types to them: which protocol, which route, what becomes of what they throw. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError, messageOf } from '../../lib/errors.ts';
import { isWaiting } from '../../lib/http/exchange/expect-continue.ts';
import { newCorrelationId, withCorrelationId } from '../../lib/process/correlation.ts';
import type { LiveAnswer, LiveApi, LiveTextAnswer } from '../../plugin-api/contracts/live.ts';
import { answerError } from '../answer-error.ts';
import { challenged } from './challenge.ts';
import { LiveExchange, type LiveParts } from './live-exchange.ts';
import { LiveRoutes } from './match-route.ts';
import { isApiOfDomain, prefixesOf } from './prefixes.ts';
import { sendLive } from './send-live.ts';

interface Place {
  readonly prefix: string;
  readonly api: LiveApi;
  readonly routes: LiveRoutes | undefined;
}

export class LiveHandler {
  readonly name = 'live';
  /** Clients that wait for `100 Continue` hear it when a protocol begins to read. */
  readonly continues = true;
  readonly #parts: LiveParts;
  readonly #places: readonly Place[];

  /** Throws where two protocols, or a protocol and the server, want the same URLs. */
  constructor(apis: readonly LiveApi[], parts: LiveParts) {
    const { settings } = parts.services;
    this.#parts = parts;
    const routes = new Map(apis.map((api) => [api, api.routes && new LiveRoutes(api.routes, settings)]));
    this.#places = prefixesOf(apis, settings).map((owner) => ({ ...owner, routes: routes.get(owner.api) }));
  }

  matches(url: string): boolean {
    return this.#placeOf(url) !== undefined;
  }

  #placeOf(url: string): Place | undefined {
    const { settings } = this.#parts.services;
    for (const place of this.#places)
      if (url.startsWith(place.prefix)) return isApiOfDomain(url, place.prefix, settings) ? undefined : place;
    return undefined;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const place = this.#placeOf(request.url!)!;
    const sent = request.headers['correlation-id'];
    const cid = typeof sent === 'string' && /^[0-9a-f-]{32,36}$/i.test(sent) ? sent : newCorrelationId();
    await withCorrelationId(cid, async () => {
      const exchange = new LiveExchange(this.#parts, place.api, { request, response }, place.prefix, cid);
      try {
        const answer = await this.#answer(place, exchange);
        if (isWaiting(response)) response.shouldKeepAlive = false;
        if (!('file' in answer)) await sendLive(request, response, answer, cid);
        else await this.#parts.content.send(request, response.setHeader('Correlation-ID', cid), answer);
      } catch (error) {
        if (!response.destroyed) throw error;
        // Either the client has gone, or the protocol could not make its answer to the end.
        const { logger } = this.#parts.services;
        logger.warn({ error: messageOf(error), url: request.url }, 'an answer was not sent to its end');
      } finally {
        if (exchange.hasFiles) await exchange.discardFiles();
      }
    });
  }

  async #answer({ api, routes }: Place, exchange: LiveExchange): Promise<LiveAnswer> {
    try {
      const found = routes?.find(exchange.isHead ? 'HEAD' : exchange.method, exchange.path);
      if (found?.route) {
        exchange.method = found.route.method;
        return await found.route.handle(exchange, found.params);
      }
      if (found) throw new HttpError(405, `Method "${exchange.method}" not allowed.`, { Allow: found.allow });
      if (api.handle) return await api.handle(exchange);
      throw new HttpError(404, 'Not found.');
    } catch (error) {
      return this.#failure(api, exchange, error);
    }
  }

  #failure(api: LiveApi, exchange: LiveExchange, error: unknown): LiveTextAnswer {
    const known = challenged(api, exchange, error);
    const what = `${exchange.method} ${exchange.url}`;
    const { status, headers = {}, body } = answerError(known, this.#parts.services.logger, what);
    if (!api.error) return { status, headers, body };
    return api.error({ status, headers, body, message: detailOf(body), error }, exchange);
  }
}

/** The words of a body in one of the shapes of the REST API. */
function detailOf(body: unknown): string {
  if (typeof body === 'string') return body;
  if (Array.isArray(body)) return body.map(detailOf).join(' ');
  if (typeof body !== 'object' || body === null) return '';
  const { detail, non_field_errors: cross, ...fields } = body as Record<string, unknown>;
  if (detail !== undefined) return detailOf(detail);
  const named = Object.entries(fields).map(([name, value]) => `${name}: ${detailOf(value)}`);
  return [...(cross === undefined ? [] : [detailOf(cross)]), ...named].join(' ');
}
