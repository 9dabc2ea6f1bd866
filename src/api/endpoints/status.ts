/** `status/` and `livez/`: what runs, and that something runs; both answer while the database is down (core.md §8.5). */
import type { DatabaseUnavailable } from '../../db/errors.ts';
import { sql } from '../../db/sql.ts';
import type { RequestContext } from '../../plugin-api/context.ts';
import { boolean, integer, list, nested, type Row, string } from '../../plugin-api/field.ts';
import { appStatusFields } from '../resources/workers.ts';
import type { Endpoint } from './endpoint.ts';

/** Components the server is compatible with, as clients compare them. */
export interface ComponentVersion {
  readonly component: string;
  readonly version: string;
  readonly package: string;
  readonly module: string;
  readonly domain_compatible: boolean;
}

/** Longest wait for the database or the storage, in milliseconds: a status that hangs says nothing. */
const PATIENCE = 1500;

const processes = list(nested('AppStatus', appStatusFields));
const bytes = integer({ nullable: true, minimum: 0, required: true });

const fields = {
  versions: list(
    nested('Version', {
      component: string(),
      version: string(),
      package: string(),
      module: string(),
      domain_compatible: boolean(),
    }),
  ),
  online_workers: processes,
  online_api_apps: processes,
  online_content_apps: processes,
  database_connection: nested('DatabaseConnection', { connected: boolean() }),
  redis_connection: nested('RedisConnection', { connected: boolean() }, { required: false }),
  storage: nested('Storage', { total: bytes, used: bytes, free: bytes }, { required: false }),
  content_settings: nested('ContentSettings', {
    content_origin: string({ nullable: true, required: false }),
    content_path_prefix: string(),
  }),
  domain_enabled: boolean(),
};

export function statusEndpoint(versions: readonly ComponentVersion[]): Endpoint {
  return {
    method: 'get',
    path: 'status/',
    operationId: 'status_read',
    tag: 'Status',
    summary: 'Status of the server',
    output: { 200: { component: 'Status', fields } },
    open: true,
    withoutDomain: true,
    handler: async (request) => ({ status: 200, body: await statusBody(request, versions) }),
  };
}

async function statusBody(request: RequestContext, versions: readonly ComponentVersion[]): Promise<object> {
  const { settings } = request.services;
  const [online, storage] = await Promise.all([
    within(onlineProcesses(request)),
    within(request.services.storage(request.domain).driver.usage()),
  ]);
  const ofType = (type: string) =>
    (online ?? []).filter((row) => row.app_type === type).map(({ app_type: _, ...shown }) => shown);
  return {
    versions,
    online_workers: ofType('worker'),
    online_api_apps: ofType('api'),
    online_content_apps: ofType('content'),
    database_connection: { connected: online !== undefined },
    redis_connection: { connected: false },
    storage: storage ?? null,
    content_settings: { content_origin: settings.contentOrigin, content_path_prefix: settings.contentPathPrefix },
    domain_enabled: settings.domainEnabled,
  };
}

async function onlineProcesses(request: RequestContext): Promise<Row[]> {
  return await request.db.rows<Row>(sql`select app_type, name, last_heartbeat, versions from app_status
    where last_heartbeat >= now() - make_interval(secs => ttl) order by pulp_id`);
}

/** The value, or undefined when it fails or takes too long. */
async function within<T>(work: Promise<T>): Promise<T | undefined> {
  const timeout = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => timeout.resolve(undefined), PATIENCE);
  try {
    return await Promise.race([work.catch((_error: DatabaseUnavailable | Error) => undefined), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

export const livezEndpoint: Endpoint = {
  method: 'get',
  path: 'livez/',
  operationId: 'livez_read',
  tag: 'Livez',
  summary: 'Whether the process answers',
  output: { 200: null },
  open: true,
  withoutDomain: true,
  handler: async () => ({ status: 200 }),
};
