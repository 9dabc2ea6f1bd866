/** Begins and ends listening so that processes can be replaced one by one without a request that fails. */
import { closeSync, openSync, readlinkSync, readSync } from 'node:fs';
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BindAddress } from '../../config/check-settings.ts';

/** Milliseconds in which clients that keep a connection may still use it, to be told that it ends. */
const farewell = 2_000;
const backlog = 1024;
/** Turns of the event loop after which the socket is closed all the same. */
const longestQueue = 10_000;

/** The socket a supervisor such as systemd has opened and keeps open while processes come and go; undefined without one. */
export function takeListeningSocket(env: NodeJS.ProcessEnv = process.env): number | undefined {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FD } = env;
  // Children are not meant.
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_FD']) delete env[name];
  // The number of the socket changes when the program is started by bin/deckle.
  if (LISTEN_FD !== undefined) return Number(LISTEN_FD);
  return LISTEN_PID === String(process.pid) && Number(LISTEN_FDS) > 0 ? 3 : undefined;
}

/** Several processes may listen on the same port; the kernel shares connections out among them. */
export function listen(server: Server, where: BindAddress | { readonly fd: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const options = 'fd' in where ? { ...where, backlog } : { ...where, reusePort: true, backlog };
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Ends a server in order. To be made before it answers. */
export class Drain {
  readonly #server: Server;
  readonly #ownSocket: boolean;
  #draining = false;
  #lastEnd = 0;

  /** `ownSocket`: nobody else holds what it listens on. */
  constructor(server: Server, ownSocket: boolean) {
    this.#server = server;
    this.#ownSocket = ownSocket;
    server.prependListener('request', (_request, response) => {
      if (this.#draining) response.shouldKeepAlive = false;
    });
  }

  /** To be called at the end of each answer. */
  noteEnd(): void {
    if (this.#draining) this.#lastEnd = performance.now();
  }

  /**
   * No new connections; running requests have until the limit (milliseconds). A connection that is kept alive is not just
   * cut, which would break the request that its client may be sending: its next answer says that it is the last one. Answers that
   * were begun before could not say so: their clients get the same time after their end.
   */
  async end(limit: number): Promise<void> {
    const force = setTimeout(() => this.#server.closeAllConnections(), limit);
    this.#draining = true;
    this.#lastEnd = performance.now();
    const ended = new AbortController();
    void stopListening(this.#server, this.#ownSocket).then(() => ended.abort());
    const { signal } = ended;
    while (!signal.aborted) {
      await sleep(Math.min(100, limit), undefined, { signal }).catch(() => {});
      if (performance.now() - this.#lastEnd >= farewell) this.#server.closeIdleConnections();
    }
    clearTimeout(force);
  }
}

/**
 * Connections that the kernel has accepted and we have not are reset when a socket is closed, unless others hold it too. So the kernel
 * is asked to accept no more than one at a time, and the socket is closed when none is left: what comes later tries again and gets to
 * the process that takes our place.
 */
function stopListening(server: Server, own: boolean): Promise<void> {
  return new Promise((resolve) => {
    // The method of HTTP servers would cut all idle connections at once.
    const close = () => void NetServer.prototype.close.call(server, () => resolve());
    const handle = (server as { _handle?: ListeningHandle })._handle;
    if (!own || handle?.listen?.(0) !== 0) return close();
    let turns = longestQueue;
    // Each turn of the event loop takes over one connection at most, just before this.
    const look = () => (--turns === 0 || waitingConnections(handle.fd) === 0 ? close() : void setImmediate(look));
    setImmediate(look);
  });
}

interface ListeningHandle {
  readonly fd?: number;
  listen?(backlog: number): number;
}

/** How many the kernel has accepted for us; 0 where it does not tell. */
function waitingConnections(fd: number | undefined): number {
  try {
    const inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[0];
    for (const table of ['tcp', 'tcp6']) {
      // Listening sockets come first.
      const line = firstLines(`/proc/self/net/${table}`).find((one) => one.split(/\s+/)[10] === inode);
      if (line) return Number.parseInt(line.split(/[\s:]+/)[8] ?? '0', 16);
    }
  } catch {
    // Another system, or one that keeps this to itself.
  }
  return 0;
}

function firstLines(file: string): string[] {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(16 * 1024);
    return bytes.toString('latin1', 0, readSync(handle, bytes)).split('\n');
  } finally {
    closeSync(handle);
  }
}
