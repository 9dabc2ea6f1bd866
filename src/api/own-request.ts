/** Requests of the program's own: what work on behalf of a user sees where no REST request has come by HTTP. */
import type { Domain, RequestContext, Services, User } from '../plugin-api/contracts/context.ts';
import { presenterFor } from './engine/presenter.ts';

export interface OwnRequest {
  readonly domain: Domain;
  readonly user: User | null;
  readonly method: string;
  /** Path with query, as a client would send it. */
  readonly url: string;
  readonly query?: URLSearchParams;
  readonly dispatch: RequestContext['dispatch'];
}

/** The context of such a request; it has no headers. */
export function ownRequest(services: Services, request: OwnRequest): RequestContext {
  const { domain, query = new URLSearchParams(), ...rest } = request;
  return withCreate({ ...presenterFor(services, domain), headers: {}, origin: '', db: services.db, query, ...rest });
}

/** Completes a context by the act that makes objects of other resources. */
export function withCreate(request: Omit<RequestContext, 'create'>): RequestContext {
  const context: RequestContext = {
    ...request,
    create: (type, values) => request.services.create(context, type, values),
  };
  return context;
}
