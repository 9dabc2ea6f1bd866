/** The HTTP server of a process: plain or with TLS, and what is made sure of each request before anything answers it. */
import { readFileSync } from 'node:fs';
import { createServer as createPlain, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Settings } from '../../config/settings.ts';
import { noteWaiting } from '../../lib/http/exchange/expect-continue.ts';

/** Where content guards look for the certificate of a client. */
const CERTIFICATE_HEADER = 'x-client-cert';

export function createWebServer(settings: Settings): Server {
  const options = { maxHeaderSize: settings.maxHeaderSize, noDelay: true };
  const server = settings.tlsCertificate === '' ? createPlain(options) : createSecure({ ...options, ...tls(settings) });
  server.keepAliveTimeout = settings.keepAliveTimeout * 1000;
  server.headersTimeout = settings.requestTimeout * 1000;
  server.requestTimeout = 0; // uploads may take as long as they need
  return server;
}

/** Certificates are asked for where there are authorities to check them; a client without one gets as far as others do. */
function tls({ tlsCertificate, tlsKey, tlsClientCa }: Settings) {
  return {
    cert: readFileSync(tlsCertificate),
    key: readFileSync(tlsKey),
    ...(tlsClientCa !== '' && { ca: readFileSync(tlsClientCa), requestCert: true, rejectUnauthorized: false }),
  };
}

/** Leaves it to whoever answers to tell a client that waits for `100 Continue` to go on (lib/http/exchange/expect-continue.ts). */
export function holdBodies(server: Server): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    noteWaiting(response);
    server.emit('request', request, response);
  });
}

/**
 * Where TLS ends here, the certificate of the connection takes the place of what a client sends in the header that proxies use.
 * Certificates that do not come from the authorities count as none.
 */
export function certifyRequest(request: IncomingMessage): void {
  if (!('encrypted' in request.socket)) return;
  delete request.headers[CERTIFICATE_HEADER];
  const socket = request.socket as TLSSocket;
  if (!socket.authorized) return;
  const { raw } = socket.getPeerX509Certificate() ?? {};
  if (!raw) return;
  const lines = raw
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n');
  const pem = `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
  request.headers[CERTIFICATE_HEADER] = encodeURIComponent(pem);
}

/** Whether the host a request asks for is one of ours: names, `.example.com` for all below, `*` for any. */
export function isOurHost(header: string | undefined, allowed: readonly string[]): boolean {
  if (allowed.includes('*')) return true;
  const host = (header ?? '').toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
  return allowed
    .map((name) => name.toLowerCase())
    .some((name) => host === name || (name.startsWith('.') && (host.endsWith(name) || host === name.slice(1))));
}
