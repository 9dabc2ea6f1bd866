/** A proxy in front of a server that changes answers, for tests of upstreams that lie. */
import { createServer, type Server, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import type { TestServer } from '../support/server.ts';

// biome-ignore lint/suspicious/noExplicitAny: bodies are changed as they come
type Json = any;

export interface Answer {
  status: number;
  /** Parsed where it is JSON. */
  body: Json;
}

/** Changes an answer in place or gives another; undefined leaves it. */
export type Lie = (path: string, answer: Answer) => Answer | undefined | 'hang' | 'cut' | 'drip';

export interface LyingProxy {
  readonly server: TestServer;
  lie: Lie;
  /** Paths asked for, with their query. */
  readonly asked: string[];
}

export async function lyingProxy(upstream: TestServer): Promise<LyingProxy> {
  const proxy: { lie: Lie; asked: string[] } = { lie: () => undefined, asked: [] };
  const server: Server = createServer((request, response) => {
    const headers = { ...request.headers, 'accept-encoding': 'identity' };
    proxy.asked.push(request.url!);
    const forward = send(
      { host: '127.0.0.1', port: upstream.port, path: request.url, method: request.method, headers },
      (answer) => {
        const pieces: Buffer[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece));
        answer.on('end', () => {
          const bytes = Buffer.concat(pieces);
          const json = answer.headers['content-type']?.includes('json');
          const given: Answer = { status: answer.statusCode!, body: json ? JSON.parse(bytes.toString()) : bytes };
          const told = proxy.lie(request.url!, given) ?? given;
          if (told === 'hang') return;
          if (told === 'drip') {
            response.writeHead(200, { 'content-type': 'application/json' });
            const timer = setInterval(() => response.write(' '), 200);
            return void response.on('close', () => clearInterval(timer));
          }
          if (told === 'cut') {
            response.writeHead(200, { 'content-length': bytes.length });
            response.write(bytes.subarray(0, bytes.length / 2));
            return void setTimeout(() => response.destroy(), 20);
          }
          const body = Buffer.isBuffer(told.body) ? told.body : Buffer.from(JSON.stringify(told.body));
          const { 'content-length': _, 'transfer-encoding': __, ...rest } = answer.headers;
          response.writeHead(told.status, { ...rest, 'content-length': body.length });
          response.end(body);
        });
      },
    );
    forward.on('error', () => response.destroy());
    request.pipe(forward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const port = (server.address() as AddressInfo).port;
  return Object.assign(proxy, { server: { ...upstream, url: `http://127.0.0.1:${port}`, port } });
}
