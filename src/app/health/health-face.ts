/** `/livez/`, `/readyz/` and `/metrics` at the root of any process, for those who watch it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isReady, readiness } from '../../api/endpoints/readiness.ts';
import { type BindAddress, parseBind } from '../../config/check-settings.ts';
import { HttpError } from '../../lib/errors.ts';
import { listen } from '../processes/listen.ts';
import { type MetricsSource, metricsText } from './metrics-text.ts';

const PATHS = new Set(['/livez/', '/livez', '/readyz/', '/readyz', '/metrics', '/metrics/']);

interface HealthFace {
  readonly name: 'health';
  matches(url: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** `mayRead` throws HttpError for those who may not read the metrics; without metrics there is no such path. */
export function healthFace(
  source: MetricsSource,
  options: { metrics: boolean; mayRead?: (request: IncomingMessage) => Promise<void> },
): HealthFace {
  const isMetrics = (path: string) => path.startsWith('/metrics');
  return {
    name: 'health',
    matches(url) {
      const path = url.split('?', 1)[0]!;
      return PATHS.has(path) && (options.metrics || !isMetrics(path));
    },
    async handle(request, response) {
      const path = request.url!.split('?', 1)[0]!;
      try {
        if (path.startsWith('/livez')) return send(response, 200, 'text/plain', 'ok\n');
        if (isMetrics(path)) {
          await options.mayRead?.(request);
          return send(response, 200, 'text/plain; version=0.0.4; charset=utf-8', await metricsText(source));
        }
        const found = await readiness(source.db, source.storage, source.hasLease());
        send(response, isReady(found) ? 200 : 503, 'application/json', JSON.stringify(found));
      } catch (error) {
        if (!(error instanceof HttpError)) throw error;
        for (const [name, value] of Object.entries(error.headers ?? {})) response.setHeader(name, value);
        send(response, error.status, 'application/json', JSON.stringify({ detail: error.detail }));
      }
    },
  };
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  response.end(text);
}

/** The face alone on an address of its own, where nobody has to log in. */
export async function serveHealth(bind: string, source: MetricsSource, metrics = true): Promise<Server> {
  const face = healthFace(source, { metrics });
  const server = createServer((request, response) => {
    if (!face.matches(request.url ?? '/')) return send(response, 404, 'text/plain', 'Not found.\n');
    face.handle(request, response).catch(() => response.destroy());
  });
  await listen(server, parseBind(bind) as BindAddress);
  server.unref();
  return server;
}
