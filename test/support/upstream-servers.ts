/** Small servers and certificates for the tests of downloads. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/lib/process/clock.ts';

export interface TestServer extends AsyncDisposable {
  /** Without a slash at the end. */
  url: string;
  port: number;
  requests: IncomingMessage[];
  server: Server;
}

async function start(server: Server, protocol: string): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  server.on('request', (request) => requests.push(request));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `${protocol}://127.0.0.1:${port}`, port, requests, server, [Symbol.asyncDispose]: close };
}

export function serve(listener: RequestListener): Promise<TestServer> {
  return start(createServer(listener), 'http');
}

export function serveTls(options: ServerOptions, listener: RequestListener): Promise<TestServer> {
  return start(createTlsServer(options, listener), 'https');
}

/** A proxy that tunnels and forwards; with `authorization`, only for requests that bring that header. */
export async function serveProxy(authorization?: string): Promise<TestServer & { tunnels: string[] }> {
  const tunnels: string[] = [];
  const allowed = (request: IncomingMessage) =>
    authorization === undefined || request.headers['proxy-authorization'] === authorization;
  const server = await serve((request, response) => {
    response.statusCode = allowed(request) ? 200 : 407;
    response.end(`forwarded ${request.url}`);
  });
  server.server.on('connect', (request: IncomingMessage, socket) => {
    tunnels.push(request.url ?? '');
    socket.on('error', () => undefined);
    if (!allowed(request)) return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const [host, port] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  });
  return Object.assign(server, { tunnels });
}

/** A clock that never waits, and remembers how long it should have. */
export function impatientClock(): Clock & { pauses: number[] } {
  const pauses: number[] = [];
  let time = 0;
  const sleep = async (milliseconds: number) => {
    pauses.push(milliseconds);
    time += milliseconds;
  };
  return { now: () => time, sleep, pauses };
}

export interface Certificates {
  ca: string;
  serverCert: string;
  serverKey: string;
  clientCert: string;
  clientKey: string;
}

/** An authority of its own, with a certificate for 127.0.0.1 and one for a client. */
export function makeCertificates(): Certificates {
  const directory = mkdtempSync(join(tmpdir(), 'deckle-certificates-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  try {
    openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test authority');
    for (const name of ['server', 'client']) {
      writeFileSync(join(directory, `${name}.ext`), 'subjectAltName=IP:127.0.0.1\n');
      openssl(
        'req',
        ...key.slice(0, 4),
        '-nodes',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
        '-subj',
        `/CN=${name}`,
      );
      const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`];
      openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-out', `${name}.pem`);
    }
    const read = (name: string) => readFileSync(join(directory, name), 'utf8');
    return {
      ca: read('ca.pem'),
      serverCert: read('server.pem'),
      serverKey: read('server.key'),
      clientCert: read('client.pem'),
      clientKey: read('client.key'),
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
