/** A process that answers HTTP requests, for the API, for content, or for both on one port. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BindAddress, parseBind } from '../config/check-settings.ts';
import type { Settings } from '../config/settings.ts';
import { DatabaseUnavailable } from '../db/errors.ts';
import { ensureArtifactDistribution } from '../model/artifact-distribution.ts';
import { NameTaken } from '../tasking/app-status.ts';
import { joinQueue, type Participation } from '../tasking/join-queue.ts';
import { AccessLog } from './access-log.ts';
import { buildApi } from './api.ts';
import { dieWithParent, reportReady, stopRequested } from './child-process.ts';
import { componentVersions } from './component-versions.ts';
import { buildContent } from './content.ts';
import { StartRefused } from './data-directory.ts';
import { seedPolicies } from './first-start.ts';
import { drain, listen } from './listen.ts';
import { buildLive } from './live.ts';
import type { AppLogger } from './logging.ts';
import { MetricsFace, RequestMetrics } from './metrics.ts';
import { releaseMemoryWhenIdle } from './release-memory.ts';
import { type BuiltServices, buildServices } from './services.ts';
import { taskFunctions } from './task-functions.ts';
import { certifyRequest, createWebServer, isOurHost } from './web-server.ts';

/** Which faces this process shows. */
export interface WebRoles {
  api: boolean;
  content: boolean;
}

/** One face of the server: the URLs it answers. */
interface Face {
  matches(url: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Before requests are refused: ends answers that have no end of their own. */
  beginStop?(): Promise<void>;
}

/** Listens until the process is asked to stop, then lets running answers finish. */
export async function runWeb(settings: Settings, roles: WebRoles, logger: AppLogger): Promise<void> {
  dieWithParent();
  releaseMemoryWhenIdle();
  const stopped = stopRequested();
  const services = await buildServices(settings, { logger, role: roles.api ? 'web' : 'content' });
  if (roles.api && process.channel) await seedPolicies(services.db);
  await ensureArtifactDistribution(services.db, services.secrets);
  const participations = await join(services, roles, logger);
  const log = new AccessLog();
  const server = createWebServer(settings);
  const requests = new RequestMetrics();
  const metrics = new MetricsFace(services, requests);
  const monitored = settings.metrics && settings.metricsBind !== '' ? metrics.server() : undefined;
  const faces = buildFaces(services, roles, participations);
  if (settings.metrics && !monitored) faces.unshift(metrics);
  server.on('request', (request, response) => {
    if (settings.accessLog) log.watch(request, response);
    if (settings.metrics) requests.watch(request, response);
    certifyRequest(request);
    if (isOurHost(request.headers.host, settings.allowedHosts)) void answer(faces, request, response, logger);
    else refuseHost(response);
  });
  try {
    if (monitored) await listen(monitored, parseBind(settings.metricsBind) as BindAddress);
    await listen(server, parseBind(settings.bind) as BindAddress);
    reportReady();
    logger.debug({}, `listening on ${settings.bind}`);
    await stopped;
    for (const face of faces) await face.beginStop?.();
    await drain(server, settings.shutdownTimeout * 1000);
  } finally {
    monitored?.close();
    log.flush();
    for (const face of faces) await face.close?.();
    for (const one of participations) await one.stop();
    await services.close();
  }
}

async function join(services: BuiltServices, roles: WebRoles, logger: AppLogger): Promise<Participation[]> {
  const functions = taskFunctions(services.settings);
  const onReplaced = (error: Error) => {
    logger.error({ err: error }, 'another process has taken this one’s name');
    process.exit(1);
  };
  const participations: Participation[] = [];
  try {
    if (roles.api) participations.push(await joinQueue(services, functions, 'api', componentVersions, onReplaced));
    if (roles.content)
      participations.push(await joinQueue(services, functions, 'content', componentVersions, onReplaced));
  } catch (error) {
    if (error instanceof NameTaken || error instanceof DatabaseUnavailable)
      throw new StartRefused(error.message, error);
    throw error;
  }
  return participations;
}

function buildFaces(
  services: BuiltServices,
  roles: WebRoles,
  participations: readonly Participation[],
): (Face & { close?: () => Promise<void> })[] {
  const runner = participations.find((one) => one.runner)?.runner;
  return [
    ...(roles.content ? [buildContent(services)] : []),
    ...(roles.api ? [buildApi(services, () => runner), buildLive(services, () => runner)] : []),
  ];
}

function refuseHost(response: ServerResponse): void {
  const body = '{"detail":"This host name is not served. See the setting allowed_hosts."}';
  response.writeHead(400, { 'Content-Type': 'application/json', 'Content-Length': body.length, Connection: 'close' });
  response.end(body);
}

async function answer(
  faces: readonly Face[],
  request: IncomingMessage,
  response: ServerResponse,
  logger: AppLogger,
): Promise<void> {
  const url = request.url ?? '/';
  const face = faces.find((one) => one.matches(url));
  try {
    if (face) return await face.handle(request, response);
    const body = '{"detail":"Not found."}';
    response.writeHead(404, { 'Content-Type': 'application/json', 'Content-Length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  } catch (error) {
    logger.error({ err: error }, `${request.method} ${url} failed`);
    response.destroy();
  }
}
