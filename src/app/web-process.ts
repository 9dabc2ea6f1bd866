/** A process that answers HTTP requests, for the API, for content, or for both on one port. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { type BindAddress, parseBind } from '../config/check-settings.ts';
import type { Settings } from '../config/settings.ts';
import { dieWithParent, reportReady, stopRequested } from './child-process.ts';
import type { AppLogger } from './logging.ts';

/** Which faces this process shows. */
export interface WebRoles {
  api: boolean;
  content: boolean;
}

/** Listens until the process is asked to stop, then lets running answers finish. */
export async function runWeb(settings: Settings, roles: WebRoles, logger: AppLogger): Promise<void> {
  dieWithParent();
  const stopped = stopRequested();
  const server = createServer({ maxHeaderSize: settings.maxHeaderSize }, requestListener(settings, roles));
  server.keepAliveTimeout = settings.keepAliveTimeout * 1000;
  server.headersTimeout = settings.requestTimeout * 1000;
  server.requestTimeout = 0; // uploads may take as long as they need
  const address = parseBind(settings.bind) as BindAddress;
  await listen(server, address);
  reportReady();
  logger.debug({}, `listening on ${settings.bind}`);
  await stopped;
  await close(server, settings.shutdownTimeout * 1000);
}

/** Answers that the process is alive. */
function requestListener(settings: Settings, _roles: WebRoles): RequestListener {
  const livez = `${settings.apiRoot}api/v3/livez/`;
  return (request, response) => {
    response.statusCode = request.url === livez ? 200 : 404;
    response.end();
  };
}

/** Several processes may listen on the same port; the kernel shares connections out among them. */
function listen(server: Server, address: BindAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...address, reusePort: true, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** No new requests; running ones have until the limit. */
function close(server: Server, limit: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), limit);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}
