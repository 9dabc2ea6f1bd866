/** Leaves of a list of events those whose subjects the caller may see. */
import { sql } from '../../db/sql.ts';
import { HttpError } from '../../lib/errors.ts';
import type { EventRow } from '../../model/event.ts';
import type { RequestContext } from '../../plugin-api/contracts/context.ts';
import type { AccessControl } from '../api-handler.ts';
import { baseConditions } from '../engine/read-rows.ts';
import type { Route } from '../engine/routes.ts';
import { modelOf } from './present-event.ts';

/** The route of the list of a resource, by the path of its model. */
type ListRoutes = ReadonlyMap<string, Route>;

/** Rights are looked up anew each time, so that a stream never outlives them. What is deleted is seen by superusers only. */
export async function visibleEvents(
  request: RequestContext,
  events: readonly EventRow[],
  access: AccessControl,
  lists: ListRoutes,
): Promise<readonly EventRow[]> {
  if (request.user?.isSuperuser) return events;
  const groups = Map.groupBy(events, (event) => modelOf(request.services.models, event)?.path);
  const visible = new Set<EventRow>();
  for (const [path, group] of groups) {
    const route = path === undefined ? undefined : lists.get(path);
    if (!route) continue;
    for (const event of await visibleOf(request, group, access, route)) visible.add(event);
  }
  return events.filter((event) => visible.has(event));
}

async function visibleOf(
  request: RequestContext,
  events: readonly EventRow[],
  access: AccessControl,
  route: Route,
): Promise<EventRow[]> {
  const { resource } = route.runtime;
  let scope: Awaited<ReturnType<AccessControl['authorize']>>['scope'];
  try {
    ({ scope } = await access.authorize(request, route, {}));
  } catch (error) {
    if (error instanceof HttpError && [401, 403, 404].includes(error.status)) return [];
    throw error;
  }
  const ids = events.map((event) => event.subject);
  const conditions = [
    sql`t.pulp_id = any (${ids}::uuid[])`,
    ...baseConditions(resource, request.domain),
    ...(scope ? [scope] : []),
  ];
  const rows = await request.db.rows<{ pulp_id: string }>(
    sql`select t.pulp_id from ${resource.table.from} where ${sql.and(conditions)}`,
  );
  const seen = new Set(rows.map((row) => row.pulp_id));
  return events.filter((event) => seen.has(event.subject));
}
