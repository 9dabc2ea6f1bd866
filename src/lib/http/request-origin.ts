/** Scheme and host of a request as its client sees them: trusted proxies tell of another one. */
import type { IncomingMessage } from 'node:http';
import { isTrusted } from './client-address.ts';

/** `https://packages.example.com`; X-Forwarded headers of others than trusted proxies are not believed. */
export function requestOrigin(
  request: Pick<IncomingMessage, 'headers' | 'socket'>,
  trustedProxies: readonly string[],
): string {
  const { headers, socket } = request;
  const own = 'encrypted' in socket ? 'https' : 'http';
  if (!isTrusted(socket.remoteAddress ?? '', trustedProxies)) return `${own}://${headers.host ?? 'localhost'}`;
  const scheme = told(headers['x-forwarded-proto']);
  const host = told(headers['x-forwarded-host']) ?? headers.host ?? 'localhost';
  return `${scheme === 'https' || scheme === 'http' ? scheme : own}://${host}`;
}

/** Of several proxies the one nearest to the client speaks first. */
function told(header: string | string[] | undefined): string | undefined {
  return (
    String(header ?? '')
      .split(',', 1)[0]!
      .trim() || undefined
  );
}
