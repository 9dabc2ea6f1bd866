/** Decides which requests are answered with X-Accel-Redirect: only a proxy can follow it, a client would get an empty file. */
import type { IncomingMessage } from 'node:http';
import { isTrusted } from '../../lib/http/client-address.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';

const warned = new WeakSet<Services>();

/** The setting for requests of `trusted_proxies`; empty for all others, whose bytes are sent from here. */
export function accelPrefixFor(request: IncomingMessage, services: Services): string {
  const { xAccelRedirectPrefix, trustedProxies } = services.settings;
  if (xAccelRedirectPrefix === '') return '';
  const address = request.socket.remoteAddress ?? '';
  if (isTrusted(address, trustedProxies)) return xAccelRedirectPrefix;
  if (!warned.has(services)) {
    warned.add(services);
    services.logger.warn(
      { address },
      'x_accel_redirect_prefix is set, but a request came from an address that is not in trusted_proxies: the bytes are sent from here',
    );
  }
  return '';
}
