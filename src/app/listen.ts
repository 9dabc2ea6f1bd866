/** Begins and ends listening so that processes can be replaced one by one without a request that fails. */
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BindAddress } from '../config/check-settings.ts';

/** Milliseconds in which clients that keep a connection may still use it, to be told that it ends. */
const farewell = 1_000;

/** Several processes may listen on the same port; the kernel shares connections out among them. */
export function listen(server: Server, address: BindAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...address, reusePort: true, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/**
 * No new connections; running requests have until the limit (milliseconds). A connection that is kept alive is not just
 * cut, which would break the request that its client may be sending: its next answer says that it is the last one.
 */
export async function drain(server: Server, limit: number): Promise<void> {
  const force = setTimeout(() => server.closeAllConnections(), limit);
  server.prependListener('request', (_request, response) => {
    response.shouldKeepAlive = false;
  });
  // The method of HTTP servers would cut all idle connections at once.
  const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
  const ended = new AbortController();
  void closed.then(() => ended.abort());
  const { signal } = ended;
  await sleep(Math.min(farewell, limit), undefined, { signal }).catch(() => {});
  while (!signal.aborted) {
    server.closeIdleConnections();
    await sleep(200, undefined, { signal }).catch(() => {});
  }
  clearTimeout(force);
}
