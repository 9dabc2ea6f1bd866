/** A request of the program's own on behalf of a user: the same checks and the same work as for one that came by HTTP. */
import { HttpError } from '../lib/errors.ts';
import type { Answer, Domain, RequestContext, Services, User } from '../plugin-api/contracts/context.ts';
import { type AccessControl, fieldsOf, runRoute } from './api-handler.ts';
import { apiPrefix } from './engine/hrefs.ts';
import { ownRequest } from './own-request.ts';
import type { RouteTable } from './route-table.ts';

interface OwnRequestParts {
  readonly services: Services;
  /** Below the prefix of the API. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly user: User;
  readonly domain: Domain;
  readonly dispatch: RequestContext['dispatch'];
}

/** A POST; throws HttpError and ValidationError as requests do. */
export async function performRequest(
  { routes, access }: { routes: RouteTable; access: AccessControl },
  { services, path, body: values, user, domain, dispatch }: OwnRequestParts,
): Promise<Answer> {
  const url = apiPrefix(services.settings.apiRoot, services.settings.domainEnabled, domain.name) + path;
  const found = routes.find(url);
  const target = found?.target('POST');
  if (!found || !target) throw new HttpError(404, `Nothing can be posted to ${path}`);
  const context = ownRequest(services, { domain, user, method: 'POST', url, query: found.query, dispatch });
  const body = { values, isForm: false };
  const { handler, asks, route } = target;
  if (handler && !asks) return await handler(context, found.params, body);
  const { checkBody, ...seen } = asks
    ? await access.authorizeView(context, asks, found.params)
    : await access.authorize(context, route!, found.params);
  await checkBody?.(fieldsOf(body));
  const scoped = { ...context, ...seen };
  return handler ? await handler(scoped, found.params, body) : await runRoute(route!, scoped, found.params, body);
}
