/** Puts the REST face together: routes of all resources and endpoints, identities, dispatch. */
import { VerifiedPasswords } from '../../access/identities/verified-passwords.ts';
import { ApiHandler } from '../../api/api-handler.ts';
import { cleanUpEndpoints } from '../../api/endpoints/clean-up.ts';
import { dataRepairEndpoint } from '../../api/endpoints/data-repair.ts';
import type { Endpoint } from '../../api/endpoints/endpoint.ts';
import { importCheckEndpoint } from '../../api/endpoints/import-check.ts';
import { loginEndpoints } from '../../api/endpoints/login.ts';
import { readyzEndpoint } from '../../api/endpoints/readiness.ts';
import { livezEndpoint, statusEndpoint } from '../../api/endpoints/status.ts';
import { HrefReader } from '../../api/engine/hrefs.ts';
import { type DocumentSource, documentEndpoints } from '../../api/engine/openapi/serve/document-endpoints.ts';
import { indexEndpoint } from '../../api/engine/openapi/serve/router-index.ts';
import { type Route, routesOf } from '../../api/engine/routes.ts';
import { WebhookDelivery } from '../../api/events/deliver-webhooks.ts';
import { EventFeed } from '../../api/events/event-feed.ts';
import { type EventStreamParts, eventsEndpoint } from '../../api/events/stream-events.ts';
import { visibleEvents } from '../../api/events/visible-events.ts';
import { performRequest } from '../../api/perform-request.ts';
import { roleActionsBy } from '../../api/role-actions.ts';
import { RouteTable } from '../../api/route-table.ts';
import type { Settings } from '../../config/settings.ts';
import type { Answer, DispatchedTask, Services, TaskRequest } from '../../plugin-api/contracts/context.ts';
import type { ExtraOperation } from '../../plugin-api/declare/extra-operation.ts';
import { dispatch, type TaskRunner } from '../../tasking/queue/dispatch.ts';
import { buildAccess } from './access.ts';
import type { Program } from './program.ts';

type ApiSettings = Pick<Settings, 'apiRoot' | 'domainEnabled'>;

/** What the document of the API is made from. */
export function documentOptions(program: Program, { apiRoot, domainEnabled }: ApiSettings): DocumentSource['options'] {
  const versions = program.versions.map(({ component, version }) => [component, version]);
  const roleActions = roleActionsBy(program.access);
  return { apiRoot, domainEnabled, roleActions, versions: Object.fromEntries(versions) };
}

/** Operations of the package types' own protocols, which the document tells of too. */
export function liveOperations({ liveApis }: Program): ExtraOperation[] {
  return liveApis.flatMap((live) => live.operations ?? []);
}

/**
 * Endpoints outside resources; the document tells of resources and endpoints alike. `parts` are what they need of the
 * process that answers: whether it is registered, and the log of events.
 */
export function apiEndpoints(
  program: Program,
  passwords: VerifiedPasswords,
  settings: ApiSettings,
  parts: { hasLease: () => boolean; events?: EventStreamParts } = { hasLease: () => true },
): Endpoint[] {
  const { resources, versions } = program;
  const endpoints: Endpoint[] = [
    indexEndpoint(resources),
    statusEndpoint(versions),
    livezEndpoint,
    readyzEndpoint(parts.hasLease),
    eventsEndpoint(parts.events),
    ...cleanUpEndpoints,
    importCheckEndpoint,
    dataRepairEndpoint,
    ...loginEndpoints(passwords),
    ...program.endpoints,
    ...documentEndpoints({
      resources,
      extras: () => [...endpoints, ...liveOperations(program)],
      options: documentOptions(program, settings),
    }),
  ];
  return endpoints;
}

export function buildApi(program: Program, services: Services, runner: () => TaskRunner | undefined): ApiHandler {
  const { settings, db } = services;
  const hrefs = new HrefReader(services.models, settings);
  const passwords = new VerifiedPasswords();
  const access = buildAccess(program, services, hrefs);
  const routes = new RouteTable({ apiRoot: settings.apiRoot, domainEnabled: settings.domainEnabled });
  const lists = new Map<string, Route>();
  const roleActions = roleActionsBy(program.access);
  for (const resource of program.resources)
    for (const route of routesOf(resource, hrefs, roleActions)) {
      routes.addRoute(route);
      if (route.operation === 'list') lists.set(resource.model.path, route);
    }
  const feed = new EventFeed(db);
  const events: EventStreamParts = {
    feed,
    visible: (request, found) => visibleEvents(request, found, access, lists),
  };
  for (const endpoint of apiEndpoints(program, passwords, settings, {
    hasLease: () => runner()?.holder !== undefined,
    events,
  })) {
    routes.add(endpoint.method.toUpperCase(), routePath(endpoint), {
      handler: endpoint.handler,
      asks: endpoint.asks,
      login: !endpoint.open,
      withoutDomain: endpoint.withoutDomain === true,
    });
  }
  const send = (request: TaskRequest, loggingCid: string): Promise<DispatchedTask> =>
    dispatch(services, request, { loggingCid, runner: runner() });
  const webhooks = new WebhookDelivery(services);
  return new ApiHandler({
    services,
    routes,
    passwords,
    access,
    dispatch: send,
    onStop: async () => {
      feed.stop();
      await webhooks.stop();
    },
  });
}

export type OwnRequest = Omit<Parameters<typeof performRequest>[1], 'services'>;

/** For tasks that do what the API does: the routes are made for each, as they are asked for rarely. */
export function requestPerformer(program: Program, services: Services): (request: OwnRequest) => Promise<Answer> {
  const { settings } = services;
  const hrefs = new HrefReader(services.models, settings);
  const access = buildAccess(program, services, hrefs);
  const routes = new RouteTable({ apiRoot: settings.apiRoot, domainEnabled: settings.domainEnabled });
  const roleActions = roleActionsBy(program.access);
  for (const resource of program.resources)
    for (const route of routesOf(resource, hrefs, roleActions)) routes.addRoute(route);
  for (const endpoint of [...cleanUpEndpoints, ...program.endpoints])
    routes.add(endpoint.method.toUpperCase(), routePath(endpoint), { handler: endpoint.handler, asks: endpoint.asks });
  return (request) => performRequest({ routes, access }, { ...request, services });
}

/** Names stand in braces in the document. */
const routePath = ({ path }: Endpoint) => path.replace(/\{(\w+)\}/g, ':$1');
