/** The live protocols of a test-only package type beside the API of a test, over real HTTP and over bare connections. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { after } from 'node:test';
import { installedPlugins } from '../../src/app/installed-plugins.ts';
import { createWebServer, holdBodies } from '../../src/app/processes/web-server.ts';
import { buildContent } from '../../src/app/program/content.ts';
import { buildLive } from '../../src/app/program/live.ts';
import { composeProgram } from '../../src/app/program/program.ts';
import type { Settings } from '../../src/config/settings.ts';
import type { Plugin } from '../../src/plugin-api/contracts/plugin.ts';
import { type TestApi, useApi } from '../support/api.ts';

export interface LiveWorld extends TestApi {
  readonly port: number;
  /** A request as `user:password`, as nobody by default. */
  ask(method: string, path: string, init?: RequestInit & { as?: string }): Promise<Response>;
  /** Sends bytes over a connection of their own and answers all that comes back until it ends, or so many milliseconds later. */
  raw(text: string, wait?: number): Promise<string>;
}

export async function useLive(plugin: Plugin, settings: Partial<Settings> = {}): Promise<LiveWorld> {
  const program = composeProgram([...installedPlugins, plugin]);
  const api = await useApi(settings, program);
  const content = buildContent(program, api.services, () => undefined);
  const roles = { api: true, content: true };
  const live = buildLive(program, api.services, { roles, content: content.live, runner: () => undefined });
  const server = createWebServer(api.services.settings);
  holdBodies(server);
  server.on('request', (request, response) => {
    if (live.matches(request.url!)) return void live.handle(request, response);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  after(async () => {
    server.closeAllConnections();
    server.close();
    await content.close();
  });
  return {
    ...api,
    port,
    ask: (method, path, { as, ...init } = {}) => {
      const headers = new Headers(init.headers);
      if (as) headers.set('authorization', `Basic ${btoa(as)}`);
      return fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init, method, headers });
    },
    async raw(text, wait = 5000) {
      const socket = connect(port, '127.0.0.1');
      let answer = '';
      socket.on('data', (piece) => (answer += piece.toString('latin1')));
      socket.on('error', () => undefined);
      socket.write(text, 'latin1');
      await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, wait).unref())]);
      socket.destroy();
      return answer;
    },
  };
}
