/** The REST face: from an HTTP request to a route, an identity, an answer. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { authenticate, type Identity, unauthorized } from '../access/identities/authenticate.ts';
import type { VerifiedPasswords } from '../access/identities/verified-passwords.ts';
import type { Sql } from '../db/sql.ts';
import type { DigestName } from '../lib/crypto/digest.ts';
import { HttpError } from '../lib/errors.ts';
import { noteRoute } from '../lib/http/exchange/request-route.ts';
import { requestOrigin } from '../lib/http/request-origin.ts';
import { newCorrelationId, withCorrelationId } from '../lib/process/correlation.ts';
import { isUuid } from '../lib/text/uuid.ts';
import type {
  Answer,
  DispatchedTask,
  Domain,
  RequestContext,
  Services,
  TaskRequest,
  User,
  Visible,
} from '../plugin-api/contracts/context.ts';
import { answerError } from './answer-error.ts';
import { ApiRoots } from './api-roots.ts';
import { findDomain } from './domains.ts';
import { apiPrefix } from './engine/hrefs.ts';
import {
  changeRow,
  createRow,
  listRows,
  readOne,
  removeRow,
  requireRow,
  type ScopedRequest,
} from './engine/operations.ts';
import { prnOf } from './engine/present.ts';
import { presenterFor } from './engine/presenter.ts';
import { type Body, readBody } from './engine/read-body.ts';
import type { Route } from './engine/routes.ts';
import { validateBody } from './engine/validate-body.ts';
import { withCreate } from './own-request.ts';
import type { RouteTable, RouteTarget, ViewQuestion } from './route-table.ts';

/** What an allowed request may see and send. */
export interface Permit {
  /** Hides rows from the caller. */
  readonly scope?: Sql;
  /** The condition for other rows that the request names. */
  readonly visible?: Visible;
  /** Whether the body may name these objects. */
  readonly mayName?: RequestContext['mayName'];
  /** The decision depends on what the body names: throws when that is not allowed. */
  readonly checkBody?: (values: Readonly<Record<string, unknown>>) => Promise<void>;
}

/** What a caller may do; asked before the body is read. */
export interface AccessControl {
  /** Throws 401, 403 or 404. */
  authorize(request: RequestContext, route: Route, params: Readonly<Record<string, string>>): Promise<Permit>;
  /** Decides on a request for what belongs to no resource: throws 401 or 403. */
  authorizeView(
    request: RequestContext,
    asked: ViewQuestion,
    params: Readonly<Record<string, string>>,
  ): Promise<Permit>;
}

interface ApiParts {
  readonly services: Services;
  readonly routes: RouteTable;
  readonly access: AccessControl;
  readonly passwords: VerifiedPasswords;
  readonly dispatch: (request: TaskRequest, loggingCid: string) => Promise<DispatchedTask>;
  /** Ends what goes on beside requests, and answers that have no end of their own. */
  readonly onStop?: () => Promise<void>;
}

/** Headers of every answer (core.md §1.2). */
const SECURITY_HEADERS = {
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Access-Control-Expose-Headers': 'Correlation-ID',
} as const;
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

export class ApiHandler {
  readonly name = 'api';
  readonly #parts: ApiParts;
  readonly #roots: ApiRoots;

  constructor(parts: ApiParts) {
    this.#parts = parts;
    this.#roots = new ApiRoots(parts.services);
  }

  /** No new requests come: what has no end of its own ends now. */
  async beginStop(): Promise<void> {
    await this.#parts.onStop?.();
  }

  /** Whether a URL belongs to the API. */
  matches(url: string): boolean {
    return this.#roots.mayHold(url) && !url.startsWith(this.#parts.services.settings.contentPathPrefix);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = request.headers['correlation-id'];
    const cid = typeof sent === 'string' && isUuid(sent) ? sent : newCorrelationId();
    await withCorrelationId(cid, async () => {
      response.setHeader('Correlation-ID', cid);
      const { answer, allow, vary } = await this.#answer(request, cid);
      send(request, response, answer, { ...SECURITY_HEADERS, Vary: vary, ...(allow && { Allow: allow }) });
    });
  }

  async #answer(request: IncomingMessage, cid: string): Promise<{ answer: Answer; allow?: string; vary: string }> {
    let allow = '';
    let vary = 'Accept';
    try {
      const services = this.#roots.servicesFor(request.headers);
      const found = this.#parts.routes.find(request.url ?? '/', services.settings.apiRoot);
      if (!found) throw new HttpError(404, 'Not found.');
      allow = found.allow;
      noteRoute(request, found.pattern);
      if (found.redirect) return { answer: { status: 301, headers: { Location: found.redirect } }, allow, vary };
      const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
      if (method === 'OPTIONS') return { answer: { status: 200, body: {} }, allow, vary };
      const identity = found.open ? { user: null, bySession: false } : await this.#identify(request, method);
      if (identity.bySession) vary = 'Accept, Cookie';
      const target = found.target(method);
      if (!target) throw notAllowed(request, method, identity.user !== null || found.open);
      checkAccept(request.headers.accept);
      if (target.route) checkFormat(found.query.get('format'));
      const domain = target.withoutDomain ? NO_DOMAIN : await findDomain(this.#parts.services, found.domainName);
      if (!domain) throw new HttpError(404, 'Not found.');
      const context = this.#context(services, request, found.query, identity.user, domain, cid);
      return { answer: await this.#run(request, context, target, found.params), allow, vary };
    } catch (error) {
      return {
        answer: answerError(error, this.#parts.services.logger, `${request.method} ${request.url}`),
        allow,
        vary,
      };
    }
  }

  async #identify(request: IncomingMessage, method: string): Promise<Identity> {
    return await authenticate(this.#parts.services, this.#parts.passwords, method, request);
  }

  #context(
    services: Services,
    request: IncomingMessage,
    query: URLSearchParams,
    user: User | null,
    domain: Domain,
    cid: string,
  ): RequestContext {
    const { dispatch } = this.#parts;
    const profileOptions = request.headers['x-task-diagnostics'];
    return withCreate({
      ...presenterFor(services, domain),
      user,
      query,
      headers: request.headers,
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      origin: requestOrigin(request, services.settings.trustedProxies),
      db: services.db,
      dispatch: (task) =>
        dispatch(
          {
            ...task,
            domain,
            userId: user?.id ?? null,
            limit: user?.limit ?? null,
            ...(typeof profileOptions === 'string' && {
              profileOptions: profileOptions.split(',').map((word) => word.trim()),
            }),
          },
          cid,
        ),
    });
  }

  async #run(
    request: IncomingMessage,
    context: RequestContext,
    target: RouteTarget,
    params: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    if (target.handler) return await this.#runHandler(request, context, target, params);
    const route = target.route!;
    const { checkBody, ...seen } = await this.#parts.access.authorize(context, route, params);
    const scoped: ScopedRequest = { ...context, ...seen };
    const method = context.method === 'HEAD' ? 'GET' : context.method;
    if (!WITH_BODY.has(method)) return await runRoute(route, scoped, params, NO_BODY);
    return await this.#withBody(
      request,
      scoped,
      async (body) => {
        await checkBody?.(fieldsOf(body));
        return await runRoute(route, scoped, params, body);
      },
      route.action?.fileDigests,
    );
  }

  async #runHandler(
    request: IncomingMessage,
    context: RequestContext,
    target: RouteTarget,
    params: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    if (target.login !== false && !context.user)
      throw unauthorized(request.headers, 'Authentication credentials were not provided.');
    const { checkBody, ...seen } = target.asks
      ? await this.#parts.access.authorizeView(context, target.asks, params)
      : {};
    const scoped = { ...context, ...seen };
    if (!WITH_BODY.has(context.method)) return await target.handler!(scoped, params, NO_BODY);
    return await this.#withBody(request, scoped, async (body) => {
      await checkBody?.(fieldsOf(body));
      return await target.handler!(scoped, params, body);
    });
  }

  async #withBody(
    request: IncomingMessage,
    context: RequestContext,
    work: (body: Body) => Promise<Answer>,
    digests?: readonly DigestName[],
  ): Promise<Answer> {
    const { services } = this.#parts;
    const store = services.storage(context.domain);
    const wanted = digests ?? services.settings.allowedContentChecksums;
    const body = await readBody(request, {
      maxBytes: services.settings.maxBodySize,
      receive: (source) => store.receive(source, { digests: wanted }),
      discard: (temp) => store.discard(temp),
      idle: services.settings.requestTimeout * 1000,
    });
    try {
      return await work(body);
    } finally {
      for (const file of body.files ?? []) await store.discard(file.temp);
    }
  }
}

/** Stands for the default domain, whose number only the database knows. */
const NO_DOMAIN: Domain = { id: 0, pulpId: '', name: 'default' };
const NO_BODY: Body = { values: {}, isForm: false };

export async function runRoute(
  route: Route,
  request: ScopedRequest,
  params: Readonly<Record<string, string>>,
  body: Body,
): Promise<Answer> {
  const { runtime } = route;
  if (route.action) return await runAction(route, request, params, body);
  switch (route.operation!) {
    case 'list':
      return await listRows(runtime, request, params);
    case 'read':
      return await readOne(runtime, request, params);
    case 'create':
      return await createRow(runtime, request, params, body);
    case 'update':
      return await changeRow(runtime, request, params, body, false);
    case 'partial_update':
      return await changeRow(runtime, request, params, body, true);
    case 'delete':
      return await removeRow(runtime, request, params);
  }
}

async function runAction(
  route: Route,
  request: ScopedRequest,
  params: Readonly<Record<string, string>>,
  body: Body,
): Promise<Answer> {
  const action = route.action!;
  const { resource, hrefs } = route.runtime;
  const row = action.detail ? await requireRow(route.runtime, request, params) : {};
  const input = action.input
    ? await validateBody(action.input.fields, body, request, hrefs, {
        partial: action.input.partial ?? false,
        ignoreUnknown: action.input.ignoreUnknown ?? false,
      })
    : {};
  const target = {
    row,
    id: String(row[resource.table.key] ?? ''),
    prn: action.detail ? prnOf(resource.model, row) : '',
    params,
  };
  return await action.run(request, target, input);
}

/** The fields of a body; none for what is no object. */
export function fieldsOf({ values }: Body): Readonly<Record<string, unknown>> {
  return typeof values === 'object' && values !== null ? (values as Record<string, unknown>) : {};
}

/** Who has not logged in is not told what a path can do. */
function notAllowed(request: IncomingMessage, method: string, known: boolean): HttpError {
  if (!known) return unauthorized(request.headers, 'Authentication credentials were not provided.');
  return new HttpError(405, `Method "${method}" not allowed.`);
}

function checkAccept(accept: string | undefined): void {
  if (!accept || /json|yaml|openapi|\*\/\*|application\/\*|text\/html/.test(accept)) return;
  throw new HttpError(406, 'Could not satisfy the request Accept header.');
}

/** JSON is the one format there is; Pulp has a page for people too, under this name. */
function checkFormat(format: string | null): void {
  if (format === null || format === '' || format === 'json' || format === 'api') return;
  throw new HttpError(404, 'Not found.');
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  headers: Record<string, string>,
): void {
  if (response.headersSent || response.destroyed) return;
  if (answer.cookies) response.setHeader('Set-Cookie', answer.cookies);
  if (answer.body instanceof Readable) {
    response.writeHead(answer.status, { ...headers, ...answer.headers });
    // A client that goes away, or a source that breaks off: the connection ends either way.
    pipeline(answer.body, response, () => {});
    return;
  }
  const raw = answer.body instanceof Uint8Array || typeof answer.body === 'string';
  const body =
    answer.body === undefined
      ? undefined
      : raw
        ? Buffer.from(answer.body as string)
        : Buffer.from(JSON.stringify(answer.body));
  const all: Record<string, string | number> = { ...headers, ...answer.headers };
  if (body && !('Content-Type' in all)) all['Content-Type'] = 'application/json';
  if (answer.status !== 204) response.setHeader('Content-Length', body?.length ?? 0);
  response.writeHead(answer.status, all);
  response.end(request.method === 'HEAD' ? undefined : body);
}

export { apiPrefix };
