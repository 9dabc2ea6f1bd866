/** One request of a live protocol as the protocol sees it; what costs something is done when it is asked for. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { liveAccounts } from '../../access/identities/live-accounts.ts';
import type { VerifiedPasswords } from '../../access/identities/verified-passwords.ts';
import { contentTools, requestScope } from '../../engines/repository/content-tools.ts';
import { TempPool } from '../../engines/repository/temp-pool.ts';
import { HttpError } from '../../lib/errors.ts';
import { letContinue } from '../../lib/http/exchange/expect-continue.ts';
import { requestOrigin } from '../../lib/http/request-origin.ts';
import { saveArtifacts } from '../../model/content/artifact.ts';
import type { ContentTools } from '../../plugin-api/contracts/content-tools.ts';
import type {
  CreateObject,
  DispatchedTask,
  Domain,
  OwnTaskRequest,
  RequestContext,
  Services,
  TaskRequest,
  User,
} from '../../plugin-api/contracts/context.ts';
import type { DistributionState } from '../../plugin-api/contracts/kept.ts';
import type {
  LiveAccounts,
  LiveApi,
  LiveDistribution,
  LiveFile,
  LiveFileAnswer,
  LiveRequest,
  LiveSubject,
  RawBodyOptions,
} from '../../plugin-api/contracts/live.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import { findDomain } from '../domains.ts';
import { presenterFor } from '../engine/presenter.ts';
import { readBody } from '../engine/read-body.ts';
import { ownRequest, withCreate } from '../own-request.ts';
import { challenged } from './challenge.ts';
import type { AuthorizeLive } from './live-access.ts';
import { rawBody } from './raw-body.ts';

/** What live protocols need of the content app. */
export interface LiveContent {
  /** The distribution at the start of a path. */
  find(domain: string, path: string): Promise<LiveDistribution | undefined>;
  /** Why the content guard of the distribution refuses the request; undefined lets it pass. */
  refusalOf(distribution: LiveDistribution, request: IncomingMessage, path: string): Promise<string | undefined>;
  /** The answers that are kept of it. */
  kept(distribution: LiveDistribution): Promise<DistributionState>;
  /** Sends stored bytes. */
  send(request: IncomingMessage, response: ServerResponse, answer: LiveFileAnswer): Promise<void>;
}

export interface LiveParts {
  readonly services: Services;
  readonly passwords: VerifiedPasswords;
  readonly content: LiveContent;
  readonly authorize: AuthorizeLive;
  readonly dispatch: (request: TaskRequest, loggingCid: string) => Promise<DispatchedTask>;
}

export class LiveExchange implements LiveRequest {
  readonly services: Services;
  readonly isHead: boolean;
  readonly prefix: string;
  readonly path: string;
  readonly url: string;
  readonly headers: LiveRequest['headers'];
  method: string;
  readonly #parts: LiveParts;
  readonly #api: LiveApi;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #cid: string;
  #received: { readonly domain: Domain; readonly temp: TempArtifact }[] | undefined;
  /** By domain what was received by tools for content. */
  #pools: Map<number, TempPool> | undefined;
  #query: URLSearchParams | undefined;
  #abort: AbortController | undefined;
  #accounts: LiveAccounts | undefined;
  #user: Promise<User | null> | undefined;
  #isRead = false;

  constructor(
    parts: LiveParts,
    api: LiveApi,
    message: { readonly request: IncomingMessage; readonly response: ServerResponse },
    prefix: string,
    cid: string,
  ) {
    const { request, response } = message;
    this.#parts = parts;
    this.#api = api;
    this.#request = request;
    this.#response = response;
    this.#cid = cid;
    this.services = parts.services;
    this.isHead = request.method === 'HEAD';
    this.method = this.isHead ? 'GET' : request.method!;
    this.prefix = prefix;
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

  get signal(): AbortSignal {
    if (!this.#abort) {
      const abort = new AbortController();
      this.#abort = abort;
      this.#response.once('close', () => abort.abort(new Error('the client has gone')));
    }
    return this.#abort.signal;
  }

  get accounts(): LiveAccounts {
    this.#accounts ??= liveAccounts(this.services, this.#parts.passwords, this.#request);
    return this.#accounts;
  }

  domain(name: string): Promise<Domain | undefined> {
    return findDomain(this.services, name);
  }

  find(domainName: string, path: string): Promise<LiveDistribution | undefined> {
    return this.#parts.content.find(domainName, path);
  }

  async checkGuard(distribution: LiveDistribution, path: string): Promise<void> {
    const reason = await this.#parts.content.refusalOf(distribution, this.#request, path);
    if (reason !== undefined) throw new HttpError(403, reason);
  }

  kept(distribution: LiveDistribution): Promise<DistributionState> {
    return this.#parts.content.kept(distribution);
  }

  presenter(domain: Domain) {
    return presenterFor(this.services, domain);
  }

  async context(domain: Domain): Promise<RequestContext> {
    const { services, query, headers, method, url, origin } = this;
    const user = await this.user();
    return withCreate({
      ...presenterFor(services, domain),
      user,
      query,
      headers,
      method,
      url,
      origin,
      db: services.db,
      dispatch: (task) => this.dispatch(domain, user, task),
    });
  }

  user(): Promise<User | null> {
    this.#user ??= this.#api.authenticate?.(this) ?? this.accounts.ofRequest();
    return this.#user;
  }

  async authorize(policy: string, action: string, subject?: LiveSubject): Promise<User | null> {
    const user = await this.user();
    const about = subject ?? { domain: (await this.domain('default'))! };
    if (await this.#parts.authorize(user, { policy, action, subject: about, request: this })) return user;
    if (user) throw new HttpError(403, 'You do not have permission to perform this action.');
    throw challenged(this.#api, this, new HttpError(401, 'Authentication credentials were not provided.'));
  }

  async body(domain: Domain) {
    this.#begin();
    const { services } = this;
    const store = services.storage(domain);
    const body = await readBody(this.#request, {
      maxBytes: services.settings.maxBodySize,
      receive: (source) => store.receive(source, { digests: services.settings.allowedContentChecksums }),
      discard: (temp) => store.discard(temp),
      idle: services.settings.requestTimeout * 1000,
    });
    for (const { temp } of body.files ?? []) this.#noteReceived(domain, temp);
    return { values: (body.values ?? {}) as Record<string, unknown>, isForm: body.isForm };
  }

  stream({ maxBytes = this.services.settings.maxBodySize, decode = false }: RawBodyOptions = {}) {
    this.#begin();
    return rawBody(this.#request, { maxBytes, decode, idle: this.services.settings.requestTimeout * 1000 });
  }

  async bytes(options: RawBodyOptions = {}): Promise<Buffer> {
    return Buffer.concat(await Array.fromAsync(this.stream(options)));
  }

  async receive(domain: Domain, options: Parameters<LiveRequest['receive']>[1] = {}): Promise<TempArtifact> {
    const digests = this.services.settings.allowedContentChecksums;
    const { expected } = options;
    const temp = await this.services.storage(domain).receive(this.stream(options), { digests, expected });
    this.#noteReceived(domain, temp);
    return temp;
  }

  #noteReceived(domain: Domain, temp: TempArtifact): void {
    this.#received ??= [];
    this.#received.push({ domain, temp });
  }

  /** A body comes once. */
  #begin(): void {
    if (this.#isRead) throw new Error('The body of the request was read already');
    this.#isRead = true;
    letContinue(this.#response);
  }

  async keepFile(domain: Domain, { temp }: Pick<LiveFile, 'temp'>): Promise<string> {
    const { db, settings, storage } = this.services;
    const [saved] = await saveArtifacts(db, storage(domain), domain.id, [temp], settings.allowedContentChecksums);
    return saved!.pulpId;
  }

  dispatch(domain: Domain, user: User | null, task: OwnTaskRequest): Promise<DispatchedTask> {
    return this.#parts.dispatch({ ...task, domain, userId: user?.id ?? null, limit: user?.limit ?? null }, this.#cid);
  }

  create(domain: Domain, user: User | null, ...object: Parameters<CreateObject>): ReturnType<CreateObject> {
    const { services, url, query } = this;
    const method = this.#request.method!;
    const dispatch: RequestContext['dispatch'] = (task) => this.dispatch(domain, user, task);
    return ownRequest(services, { domain, user, method, url, query, dispatch }).create(...object);
  }

  content(domain: Domain): ContentTools {
    this.#pools ??= new Map();
    const known = this.#pools.get(domain.id);
    const temps = known ?? new TempPool(this.services.storage(domain));
    if (!known) this.#pools.set(domain.id, temps);
    return contentTools(requestScope(this.services, domain, this.signal), temps);
  }

  /** It has received bytes, which nobody may have kept. */
  get hasFiles(): boolean {
    return this.#received !== undefined || this.#pools !== undefined;
  }

  async discardFiles(): Promise<void> {
    for (const temps of this.#pools?.values() ?? []) await temps.discard();
    for (const { domain, temp } of this.#received ?? []) await this.services.storage(domain).discard(temp);
  }
}
