/** A server with domains and words to make things in them, for the tests of this folder. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServerOptions, startServer, type TestServer } from '../support/server.ts';

export const FILE_SYSTEM = 'pulpcore.app.models.storage.FileSystem';

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests as they come
  readonly body: any;
}

export interface DomainServer extends TestServer {
  /** The path is below the API of a domain, or whole. */
  call(domain: string, method: string, path: string, body?: unknown): Promise<Reply>;
  /** The task of an answer once it has ended. */
  ended(reply: Reply): Promise<Record<string, unknown> & { state: string; created_resources: string[] }>;
  makeDomain(
    name: string,
    settings?: Record<string, unknown>,
  ): Promise<Record<string, unknown> & { pulp_href: string; prn: string }>;
  /** Uploads a file as a unit into a repository; answers the unit's href. */
  upload(domain: string, path: string, text: string, repository?: string): Promise<string>;
}

export async function startDomains(settings: ServerOptions['settings'] = {}): Promise<DomainServer> {
  const server = await startServer({ settings: { domain_enabled: true, ...settings } });
  const call = async (domain: string, method: string, path: string, body?: unknown): Promise<Reply> => {
    const form = body instanceof FormData;
    const response = await server.fetch(path.startsWith('/') ? path : `/pulp/${domain}/api/v3/${path}`, {
      method,
      ...(body !== undefined && { body: form ? body : JSON.stringify(body) }),
      ...(body !== undefined && !form && { headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text,
    };
  };
  const ended: DomainServer['ended'] = async (reply) => {
    assert.equal(reply.status, 202, JSON.stringify(reply.body));
    for (;;) {
      const { body } = await call('', 'GET', reply.body.task);
      if (['completed', 'failed', 'canceled'].includes(body.state)) return body;
      await sleep(25);
    }
  };
  return Object.assign(server, {
    call,
    ended,
    async makeDomain(name: string, settings: Record<string, unknown> = { location: '' }) {
      const { status, body } = await call('default', 'POST', 'domains/', {
        name,
        storage_class: FILE_SYSTEM,
        storage_settings: settings,
      });
      assert.equal(status, 201, JSON.stringify(body));
      return body;
    },
    async upload(domain: string, path: string, text: string, repository?: string) {
      const form = new FormData();
      form.set('relative_path', path);
      form.set('file', new Blob([text]), 'file');
      if (repository) form.set('repository', repository);
      const task = await ended(await call(domain, 'POST', 'content/file/files/', form));
      assert.equal(task.state, 'completed', JSON.stringify(task));
      return task.created_resources.find((href) => href.includes('/content/'))!;
    },
  });
}
