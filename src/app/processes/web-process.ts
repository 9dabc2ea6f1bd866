/** A process that answers HTTP requests, for the API, for content, or for both on one port. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type BindAddress, parseBind } from '../../config/check-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { DatabaseUnavailable } from '../../db/errors.ts';
import { letContinue } from '../../lib/http/exchange/expect-continue.ts';
import { ensureArtifactDistribution } from '../../model/repositories/artifact-distribution.ts';
import { MAIN_STORAGE } from '../../plugin-api/contracts/context.ts';
import { joinQueue, type Participation } from '../../tasking/queue/join-queue.ts';
import { NameTaken } from '../../tasking/worker/app-status.ts';
import { healthFace, serveHealth } from '../health/health-face.ts';
import { mayReadMetrics } from '../health/may-read-metrics.ts';
import { RequestMetrics } from '../health/request-metrics.ts';
import { buildApi } from '../program/api.ts';
import { componentVersions } from '../program/component-versions.ts';
import { buildContent } from '../program/content.ts';
import { buildLive } from '../program/live.ts';
import { loadProgram } from '../program/load-program.ts';
import type { Program } from '../program/program.ts';
import { type BuiltServices, buildServices } from '../program/services.ts';
import { taskFunctions } from '../program/task-functions.ts';
import { StartRefused } from '../storage/data-directory.ts';
import { AccessLog } from './access-log.ts';
import { dieWithParent, reportReady, stopRequested } from './child-process.ts';
import { seedPolicies } from './first-start.ts';
import { Drain, listen } from './listen.ts';
import type { AppLogger } from './logging.ts';
import { programVersion } from './program-version.ts';
import { releaseMemoryWhenIdle } from './release-memory.ts';
import { certifyRequest, createWebServer, holdBodies, isOurHost } from './web-server.ts';

/** Which faces this process shows. */
export interface WebRoles {
  api: boolean;
  content: boolean;
}

interface WebPlace {
  /** Not under `serve`, where the supervisor speaks for all. */
  readonly alone: boolean;
  /** A socket that listens already. */
  readonly socket?: number | undefined;
}

/** One face of the server: the URLs it answers. */
interface Face {
  /** For the metrics. */
  readonly name: string;
  matches(url: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** It tells clients that wait for `100 Continue` itself. */
  readonly continues?: boolean;
  /** Before requests are refused: ends answers that have no end of their own. */
  beginStop?(): Promise<void>;
}

/** Listens until the process is asked to stop, then lets running answers finish. */
export async function runWeb(
  settings: Settings,
  roles: WebRoles,
  logger: AppLogger,
  { alone, socket }: WebPlace,
): Promise<void> {
  dieWithParent();
  releaseMemoryWhenIdle();
  const stopped = stopRequested();
  const program = await loadProgram(settings);
  const services = await buildServices(program, settings, { logger, role: roles.api ? 'web' : 'content' });
  if (roles.api && process.channel) await seedPolicies(services.db, program);
  await ensureArtifactDistribution(services.db, services.secrets);
  const participations = await join(program, services, roles, logger);
  const log = new AccessLog();
  const server = createWebServer(settings);
  const drain = new Drain(server, socket === undefined);
  const requests = new RequestMetrics();
  const faces = buildFaces(program, services, roles, participations);
  const source = {
    db: services.db,
    storage: services.storage(MAIN_STORAGE).driver,
    hasLease: () => participations.every((one) => one.registration.holder !== undefined),
    requests,
  };
  const apart = settings.metrics && settings.metricsBind !== '';
  faces.unshift(healthFace(source, { metrics: settings.metrics && !apart, mayRead: mayReadMetrics(services) }));
  const isMeasured = settings.metrics || settings.otelEnabled;
  holdBodies(server);
  server.on('request', (request, response) => {
    const face = faces.find((one) => one.matches(request.url ?? '/'));
    // A request that was not read to its end loses its socket before its answer is out.
    const client = settings.accessLog ? request.socket.remoteAddress : undefined;
    const started = isMeasured ? requests.begin() : 0;
    // one listener: several cost each request as much as reading its headers
    response.once('close', () => {
      drain.noteEnd();
      if (settings.accessLog) log.add(request, response, client);
      if (isMeasured) requests.end(request, response, face?.name ?? 'none', started);
    });
    certifyRequest(request);
    if (isOurHost(request.headers.host, settings.allowedHosts)) void answer(face, request, response, logger);
    else refuseHost(response);
  });
  let monitored: Server | undefined;
  const exporter = settings.otelEnabled ? await startExporter(services, participations, requests) : undefined;
  try {
    if (apart) monitored = await serveHealth(settings.metricsBind, source);
    await listen(server, socket === undefined ? (parseBind(settings.bind) as BindAddress) : { fd: socket });
    reportReady();
    logger[alone ? 'info' : 'debug'](
      {},
      `${programVersion()} is listening on ${socket === undefined ? settings.bind : 'a given socket'}`,
    );
    await stopped;
    for (const face of faces) await face.beginStop?.();
    await drain.end(settings.shutdownTimeout * 1000);
  } finally {
    monitored?.close();
    await exporter?.stop();
    log.flush();
    for (const face of faces) await face.close?.();
    for (const one of participations) await one.stop();
    await services.close();
  }
}

/** OpenTelemetry is loaded only where it is asked for. */
async function startExporter(
  services: BuiltServices,
  participations: readonly Participation[],
  requests: RequestMetrics,
) {
  const { startOtlp } = await import('../health/otlp-exporter.ts');
  return startOtlp(services, { worker: participations[0]?.registration.name ?? '', requests });
}

async function join(
  program: Program,
  services: BuiltServices,
  roles: WebRoles,
  logger: AppLogger,
): Promise<Participation[]> {
  const functions = taskFunctions(program, services.settings);
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
  program: Program,
  services: BuiltServices,
  roles: WebRoles,
  participations: readonly Participation[],
): (Face & { close?: () => Promise<void> })[] {
  const found = participations.find((one) => one.runner)?.runner;
  const runner = () => found;
  const content = buildContent(program, services, runner);
  // Protocols may have their place below the root of the API.
  const live = buildLive(program, services, { roles, content: content.live, runner });
  return [
    roles.content
      ? content
      : { name: content.name, matches: () => false, handle: content.handle, close: content.close },
    live,
    ...(roles.api ? [buildApi(program, services, runner)] : []),
  ];
}

function refuseHost(response: ServerResponse): void {
  const body = '{"detail":"This host name is not served. See the setting allowed_hosts."}';
  response.writeHead(400, { 'Content-Type': 'application/json', 'Content-Length': body.length, Connection: 'close' });
  response.end(body);
}

async function answer(
  face: Face | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  logger: AppLogger,
): Promise<void> {
  try {
    if (!face?.continues) letContinue(response);
    if (face) return await face.handle(request, response);
    const body = '{"detail":"Not found."}';
    response.writeHead(404, { 'Content-Type': 'application/json', 'Content-Length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  } catch (error) {
    logger.error({ err: error }, `${request.method} ${request.url} failed`);
    response.destroy();
  }
}
