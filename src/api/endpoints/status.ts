/** `status/` and `livez/`: what runs, and that something runs; both answer while the database is down (core.md §8.5). */
import { DatabaseUnavailable } from '../../db/errors.ts';
import { sql } from '../../db/sql.ts';
import type { RequestContext } from '../../plugin-api/contracts/context.ts';
import { boolean, integer, list, nested, string } from '../../plugin-api/declare/field.ts';
import { appStatusFields } from '../resources/tasks/workers.ts';
import type { Endpoint } from './endpoint.ts';
import { type ServerFacts, serverFacts, serverFields } from './server-facts.ts';
import { within } from './within.ts';

/** Components the server is compatible with, as clients compare them. */
export interface ComponentVersion {
  readonly component: string;
  readonly version: string;
  readonly package: string;
  readonly module: string;
  readonly domain_compatible: boolean;
}

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
  server: nested('Server', serverFields, { required: false }),
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
  const { driver } = request.services.storage(request.domain);
  const started = performance.now();
  let latency: number | null = null;
  const [facts, storage, writable] = await Promise.all([
    within(timed(request.services, (milliseconds) => (latency = milliseconds), started)),
    within(driver.usage()),
    within(driver.writable().then(() => true)),
  ]);
  const ofRole = (role: string) =>
    (facts?.processes ?? [])
      .filter((one) => one.role === role && one.online)
      .map(({ name, last_heartbeat, versions: have }) => ({ name, last_heartbeat, versions: have }));
  return {
    versions,
    online_workers: ofRole('worker'),
    online_api_apps: ofRole('api'),
    online_content_apps: ofRole('content'),
    database_connection: { connected: facts !== undefined },
    // the cache of this server needs no Redis: clients learn here whether there is one
    redis_connection: { connected: settings.cacheEnabled },
    storage: storage ?? null,
    content_settings: { content_origin: settings.contentOrigin, content_path_prefix: settings.contentPathPrefix },
    domain_enabled: settings.domainEnabled,
    server: {
      processes: (facts?.processes ?? []).map(({ versions: _, ...shown }) => shown),
      queue: facts?.queue ?? null,
      scheduler: facts?.scheduler ?? null,
      storage: { driver: driver.name, writable: writable ?? false },
      database: { version: facts?.version ?? null, latency_ms: latency },
      last_backup: facts?.last_backup ?? null,
    },
  };
}

/** The facts, with the time that a question of no weight took before them. */
async function timed(
  { db, logger }: RequestContext['services'],
  tell: (milliseconds: number) => void,
  started: number,
): Promise<ServerFacts> {
  try {
    await db.run(sql`select 1`);
    tell(Math.round((performance.now() - started) * 100) / 100);
    return await serverFacts(db);
  } catch (error) {
    if (!(error instanceof DatabaseUnavailable)) logger.error({ err: error }, 'The status could not be read.');
    throw error;
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
