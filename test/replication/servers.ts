/** Real servers for tests of replication, with words to fill one and to follow a run of another. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServerOptions, startServer, type TestServer } from '../support/server.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests as they come
export type Json = any;

export interface Reply {
  readonly status: number;
  readonly body: Json;
}

export interface Group {
  readonly state: 'completed' | 'failed';
  readonly tasks: readonly Json[];
  /** Descriptions of the errors of failed tasks. */
  readonly errors: readonly string[];
  readonly data: readonly Json[];
  readonly group: Json;
}

const FINAL = new Set(['completed', 'failed', 'canceled', 'skipped']);

export class Peer {
  readonly server: TestServer;
  readonly prefix: string;
  /** Its domain, where the server has domains. */
  readonly domain: string | undefined;

  constructor(server: TestServer, domain?: string) {
    this.server = server;
    this.domain = domain;
    this.prefix = domain === undefined ? '/pulp/api/v3/' : `/pulp/${domain}/api/v3/`;
  }

  /** The same server in a new domain. */
  async inNewDomain(name: string, storage: object = { location: '' }): Promise<Peer> {
    const storage_class = 'pulpcore.app.models.storage.FileSystem';
    await new Peer(this.server, 'default').make('domains/', { name, storage_class, storage_settings: storage });
    return new Peer(this.server, name);
  }

  async call(method: string, path: string, body?: unknown): Promise<Reply> {
    const form = body instanceof FormData;
    const response = await this.server.fetch(path.startsWith('/') ? path : this.prefix + path, {
      method,
      ...(body !== undefined && { body: form ? body : JSON.stringify(body) }),
      ...(body !== undefined && !form && { headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text };
  }

  async get(path: string): Promise<Json> {
    const { status, body } = await this.call('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** Posts and waits for the task; answers the created object, or its href. */
  async make(path: string, body: object): Promise<Json> {
    const reply = await this.call('POST', path, body);
    return await this.#done(path, reply);
  }

  async change(href: string, body: object): Promise<Json> {
    return await this.#done(href, await this.call('PATCH', href, body));
  }

  async remove(href: string): Promise<void> {
    await this.#done(href, await this.call('DELETE', href));
  }

  async #done(what: string, { status, body }: Reply): Promise<Json> {
    if (status === 202 && body.task) return await this.task(body.task);
    if (status >= 300) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  async task(href: string): Promise<Json> {
    for (;;) {
      const task = await this.get(href);
      if (task.state === 'completed') return task.result ?? task;
      if (FINAL.has(task.state)) throw new Error(`${task.name} ${task.state}: ${JSON.stringify(task.error)}`);
      await sleep(20);
    }
  }

  async file(relativePath: string, text: string): Promise<string> {
    const form = new FormData();
    form.set('relative_path', relativePath);
    form.set('file', new Blob([text]), relativePath);
    const { status, body } = await this.call('POST', 'content/file/files/upload/', form);
    if (status !== 201) throw new Error(`upload: ${status} ${JSON.stringify(body)}`);
    return body.pulp_href;
  }

  /** A published repository with files by path, served by a distribution of its name. */
  async serve(name: string, files: Readonly<Record<string, string>>, more: object = {}): Promise<Json> {
    const repository = await this.make('repositories/file/file/', { name, autopublish: true });
    await this.publish(repository.pulp_href, files);
    await this.make('distributions/file/file/', { name, base_path: name, repository: repository.pulp_href, ...more });
    return { repository: repository.pulp_href, distribution: await this.distribution(name) };
  }

  /** Makes the content of a repository equal to these files. */
  async publish(repository: string, files: Readonly<Record<string, string>>): Promise<void> {
    const units: string[] = [];
    for (const [path, text] of Object.entries(files)) units.push(await this.file(path, text));
    await this.make(`${repository}modify/`, { remove_content_units: ['*'] });
    await this.make(`${repository}modify/`, { add_content_units: units });
  }

  async distribution(name: string): Promise<Json> {
    return (await this.get(`distributions/file/file/?name=${encodeURIComponent(name)}`)).results[0];
  }

  async names(path = 'distributions/file/file/'): Promise<string[]> {
    return (await this.get(`${path}?limit=5000&fields=name`)).results.map((one: Json) => one.name).sort();
  }

  /** The text at a path of the content app, or the status when it is not 200. */
  async read(path: string): Promise<string | number> {
    const domain = this.domain === undefined ? '' : `${this.domain}/`;
    const response = await this.server.fetch(`/pulp/content/${domain}${path}`);
    return response.status === 200 ? await response.text() : response.status;
  }

  async upstream(from: TestServer | Peer, more: object = {}): Promise<string> {
    if (from instanceof Peer) return await this.upstream(from.server, { domain: from.domain ?? null, ...more });
    const body = {
      name: `up-${from.port}`,
      base_url: from.url,
      api_root: '/pulp/',
      username: 'admin',
      password: from.adminPassword,
      ...more,
    };
    return (await this.make('upstream-pulps/', body)).pulp_href;
  }

  async replicate(upstream: string, body: object = {}): Promise<Group> {
    const reply = await this.call('POST', `${upstream}replicate/`, body);
    if (reply.status !== 202) throw new Error(`replicate: ${reply.status} ${JSON.stringify(reply.body)}`);
    return await this.follow(reply.body.task_group);
  }

  async follow(href: string): Promise<Group> {
    for (;;) {
      const group = await this.get(href);
      if (group.tasks.length > 0 && group.tasks.every((task: Json) => FINAL.has(task.state))) {
        const tasks = await Promise.all(group.tasks.map((task: Json) => this.get(task.pulp_href)));
        const bad = tasks.filter((task) => task.state !== 'completed');
        return {
          state: bad.length === 0 ? 'completed' : 'failed',
          tasks,
          errors: bad.map((task) => task.error?.description ?? JSON.stringify(task.error)),
          data: bad.map((task) => task.error?.details),
          group,
        };
      }
      // To tell of a large group costs the server time that the run could use.
      await sleep(30 + group.tasks.length);
    }
  }

  async lastRun(upstream: string): Promise<Json> {
    const { results } = await this.get(`${upstream}runs/?limit=1`);
    return await this.get(results[0].pulp_href);
  }

  async plan(upstream: string, body: object = {}): Promise<Reply> {
    return await this.call('POST', `${upstream}replicate/`, { dry_run: true, ...body });
  }
}

export async function startPeer(options: ServerOptions = {}): Promise<Peer> {
  return new Peer(await startServer({ ...options, settings: { access_log: false, ...options.settings } }));
}

/** A server that runs already, of whatever kind: `http://user:password@host:port`. */
export function runningPeer(address: string): Peer {
  const { origin, port, username, password } = new URL(address);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const open = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, origin), { ...init, headers: { authorization, ...(init.headers as object) } });
  const server = { url: origin, port: Number(port), adminPassword: password, fetch: open };
  return new Peer(server as unknown as TestServer);
}
