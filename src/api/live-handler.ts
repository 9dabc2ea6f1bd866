/** Gives requests for the live protocols of package types to them: whom they come from, what is served, bodies, answers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { authenticate } from '../access/identities/authenticate.ts';
import type { VerifiedPasswords } from '../access/identities/verified-passwords.ts';
import { endTogether } from '../lib/flow/end-together.ts';
import { requestOrigin } from '../lib/http/request-origin.ts';
import { newCorrelationId, withCorrelationId } from '../lib/process/correlation.ts';
import { saveArtifacts } from '../model/content/artifact.ts';
import type {
  CreateObject,
  DispatchedTask,
  Domain,
  RequestContext,
  Services,
  TaskRequest,
  User,
} from '../plugin-api/contracts/context.ts';
import type { LiveAnswer, LiveApi, LiveDistribution, LiveFile, LiveRequest } from '../plugin-api/contracts/live.ts';
import type { ServedDistribution } from '../plugin-api/contracts/serve.ts';
import { answerError } from './answer-error.ts';
import { findDomain } from './domains.ts';
import { presenterFor } from './engine/presenter.ts';
import { type Body, filesOf, readBody } from './engine/read-body.ts';
import { ownRequest } from './own-request.ts';

/** Whether somebody may do something by a policy; throws HttpError 401 or 403. */
export type AuthorizeLive = (
  request: LiveRequest,
  user: User | null,
  asked: { readonly policy: string; readonly action: string; readonly distribution: ServedDistribution },
) => Promise<void>;

export interface LiveParts {
  readonly services: Services;
  readonly passwords: VerifiedPasswords;
  readonly apis: readonly LiveApi[];
  readonly authorize: AuthorizeLive;
  readonly dispatch: (request: TaskRequest, loggingCid: string) => Promise<DispatchedTask>;
  /** The distribution at the start of a path. */
  readonly find: (domain: string, path: string) => Promise<LiveDistribution | undefined>;
}

export class LiveHandler {
  readonly name = 'live';
  readonly #parts: LiveParts;
  readonly #apis: readonly (readonly [prefix: string, api: LiveApi])[];

  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.#apis = parts.apis.map((api) => [api.prefix(parts.services.settings), api]);
  }

  matches(url: string): boolean {
    return this.#apis.some(([prefix]) => url.startsWith(prefix));
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [prefix, api] = this.#apis.find(([start]) => request.url!.startsWith(start))!;
    const sent = request.headers['correlation-id'];
    const cid = typeof sent === 'string' && /^[0-9a-f-]{32,36}$/i.test(sent) ? sent : newCorrelationId();
    await withCorrelationId(cid, async () => {
      const exchange = new LiveExchange(this.#parts, request, response, prefix, cid);
      try {
        await send(request, response, await this.#answer(api, exchange), cid);
      } finally {
        await exchange.discardFiles();
      }
    });
  }

  async #answer(api: LiveApi, exchange: LiveExchange): Promise<LiveAnswer> {
    try {
      return await api.handle(exchange);
    } catch (error) {
      return answerError(error, this.#parts.services.logger, `${exchange.method} ${exchange.url}`);
    }
  }
}

/** One request; what costs something is done when it is asked for. */
class LiveExchange implements LiveRequest {
  readonly services: Services;
  readonly method: string;
  readonly path: string;
  readonly url: string;
  readonly headers: LiveRequest['headers'];
  readonly #parts: LiveParts;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #cid: string;
  #query: URLSearchParams | undefined;
  #body: { readonly body: Body; readonly domain: Domain } | undefined;
  #abort: AbortController | undefined;
  #user: Promise<User | null> | undefined;

  constructor(parts: LiveParts, request: IncomingMessage, response: ServerResponse, prefix: string, cid: string) {
    this.#parts = parts;
    this.#request = request;
    this.#response = response;
    this.#cid = cid;
    this.services = parts.services;
    this.method = request.method === 'HEAD' ? 'GET' : request.method!;
    this.url = request.url!;
    const mark = this.url.indexOf('?');
    this.path = this.url.slice(prefix.length, mark < 0 ? undefined : mark);
    this.headers = request.headers;
  }

  get query(): URLSearchParams {
    const mark = this.url.indexOf('?');
    this.#query ??= new URLSearchParams(mark < 0 ? '' : this.url.slice(mark + 1));
    return this.#query;
  }

  get origin(): string {
    return requestOrigin(this.#request, this.services.settings.trustedProxies);
  }

  /** Aborted when the client goes away. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      const abort = new AbortController();
      this.#abort = abort;
      this.#response.once('close', () => abort.abort(new Error('the client has gone')));
    }
    return this.#abort.signal;
  }

  domain(name: string): Promise<Domain | undefined> {
    return findDomain(this.services, name);
  }

  find(domainName: string, path: string): Promise<LiveDistribution | undefined> {
    return this.#parts.find(domainName, path);
  }

  presenter(domain: Domain) {
    return presenterFor(this.services, domain);
  }

  user(): Promise<User | null> {
    this.#user ??= this.#authenticate();
    return this.#user;
  }

  async #authenticate(): Promise<User | null> {
    return (await authenticate(this.services, this.#parts.passwords, this.#request.method!, this.#request)).user;
  }

  async authorize(policy: string, action: string, distribution: ServedDistribution): Promise<User | null> {
    const user = await this.user();
    await this.#parts.authorize(this, user, { policy, action, distribution });
    return user;
  }

  async body(domain: Domain) {
    const { services } = this;
    const store = services.storage(domain);
    const body = await readBody(this.#request, {
      maxBytes: services.settings.maxBodySize,
      receive: (source) => store.receive(source, { digests: services.settings.allowedContentChecksums as never }),
      discard: (temp) => store.discard(temp),
    });
    this.#body = { body, domain };
    return { values: (body.values ?? {}) as Record<string, unknown>, isForm: body.isForm };
  }

  async keepFile(domain: Domain, { temp }: LiveFile): Promise<string> {
    const { db, settings, storage } = this.services;
    const [saved] = await saveArtifacts(db, storage(domain), domain.id, [temp], settings.allowedContentChecksums);
    return saved!.pulpId;
  }

  dispatch(domain: Domain, user: User | null, task: Omit<TaskRequest, 'domain' | 'userId'>): Promise<DispatchedTask> {
    return this.#parts.dispatch({ ...task, domain, userId: user?.id ?? null }, this.#cid);
  }

  create(domain: Domain, user: User | null, ...object: Parameters<CreateObject>): ReturnType<CreateObject> {
    const { services, url } = this;
    const method = this.#request.method!;
    const dispatch: RequestContext['dispatch'] = (task) => this.dispatch(domain, user, task);
    return ownRequest(services, { domain, user, method, url, query: this.query, dispatch }).create(...object);
  }

  /** Files of the body that nobody has kept. */
  async discardFiles(): Promise<void> {
    if (!this.#body) return;
    const store = this.services.storage(this.#body.domain);
    for (const { temp } of filesOf(this.#body.body)) await store.discard(temp);
  }
}

/** Headers of every answer, as in the REST API. */
const SECURITY_HEADERS = [
  ['X-Frame-Options', 'DENY'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'same-origin'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Access-Control-Expose-Headers', 'Correlation-ID'],
].flat();

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: LiveAnswer,
  cid: string,
): Promise<void> {
  if (response.headersSent || response.destroyed) return;
  const headers: string[] = [];
  for (const name in answer.headers) headers.push(name, answer.headers[name]!);
  // Without credentials of its own a request may be one of a session.
  const vary = request.headers.authorization ? 'Accept' : 'Accept, Cookie';
  headers.push('Correlation-ID', cid, ...SECURITY_HEADERS, 'Vary', vary);
  const { body } = answer;
  if (isPieces(body)) {
    response.writeHead(answer.status, answer.reason, headers);
    if (request.method === 'HEAD') return void response.end();
    return await pipeline(Readable.from(body), response);
  }
  const bytes = bytesOf(body);
  const isJson = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
  if (isJson && !('Content-Type' in (answer.headers ?? {}))) headers.push('Content-Type', 'application/json');
  if (answer.status !== 304 && answer.status !== 204) headers.push('Content-Length', String(bytes.length));
  if (answer.reason === undefined) response.writeHead(answer.status, headers);
  else response.writeHead(answer.status, reasonPhrase(answer.reason), headers);
  endTogether(response, request.method === 'HEAD' ? undefined : bytes);
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function isPieces(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/** Header lines cannot hold other characters. */
const reasonPhrase = (text: string) => text.replace(/[^\x20-\x7e]/g, '?');
