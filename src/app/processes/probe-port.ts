/** Finds out before anything is started whether the port is free: processes that share a port would not notice. */
import { createServer } from 'node:net';
import type { BindAddress } from '../../config/check-settings.ts';
import { StartRefused } from '../storage/data-directory.ts';

/** The address with its port; port 0 is replaced by a free one. */
export function probePort({ host, port }: BindAddress): Promise<BindAddress> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => reject(new StartRefused(explain(error, host, port), error)));
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      server.close(() => resolve({ host, port: bound }));
    });
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is used by another program. Stop it, or choose another port: --bind ${host}:${port + 1}`;
    case 'EACCES':
      return `Port ${port} may not be used by this user. Choose one above 1023, such as --bind ${host}:8080`;
    case 'EADDRNOTAVAIL':
      return `This machine has no address ${host}. Choose another with --bind, such as 127.0.0.1:${port} or 0.0.0.0:${port}`;
    default:
      return `${host}:${port} cannot be listened on: ${error.message}`;
  }
}

/** As it is written in a URL and in the `bind` setting. */
export function formatAddress({ host, port }: BindAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
