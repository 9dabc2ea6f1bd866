/** A domain of a test's own with an upstream, and words to make and look at things of the package type under test in it. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Peer, type Reply } from '../replication/servers.ts';
import type { TestServer } from '../support/server.ts';
import type { ClientView, Json, PluginConformance, SampleUnit } from './plugin-conformance.ts';
import { SampleUpstream } from './sample-upstream.ts';

const UNENDED = new Set(['waiting', 'running', 'canceling']);

export class Place extends Peer {
  readonly description: PluginConformance;
  readonly source: SampleUpstream;
  #names = 0;

  private constructor(server: TestServer, domain: string, description: PluginConformance, source: SampleUpstream) {
    super(server, domain);
    this.description = description;
    this.source = source;
  }

  /** A new domain and an upstream that has nothing yet. */
  static async make(server: TestServer, domain: string, description: PluginConformance): Promise<Place> {
    await new Peer(server, 'default').inNewDomain(domain);
    return new Place(server, domain, description, await SampleUpstream.start());
  }

  name(word: string): string {
    return `${word}-${++this.#names}`;
  }

  /** Path of the list of a kind of the type. */
  list(kind: 'repository' | 'content' | 'remote' | 'publication' | 'distribution'): string {
    const type = this.description[kind];
    assert.ok(type, `the type has no ${kind}`);
    return `${type.model.path}/`;
  }

  async repository(more: object = {}): Promise<Json> {
    return await this.make(this.list('repository'), { name: this.name('repository'), ...more });
  }

  /** Upstream has these units from now on. */
  offer(units: readonly SampleUnit[]): void {
    this.source.tree = this.description.upstream!.tree(units, this.source.origin);
  }

  /** Fields of a remote whose bytes are fetched by the sync itself. */
  get atOnce(): object {
    return this.description.remote!.fixedPolicy ? {} : { policy: 'immediate' };
  }

  async remote(more: object = {}): Promise<Json> {
    const { url, remote = {} } = this.description.upstream!;
    const body = { name: this.name('remote'), url: url(this.source.origin), max_retries: 0, ...remote, ...more };
    return await this.make(this.list('remote'), body);
  }

  /** Syncs to the end of the task; answers the task. */
  async sync(repository: Json, remote: Json, options: object = {}): Promise<Json> {
    return await this.ended(await this.startSync(repository, remote, options));
  }

  async startSync(repository: Json, remote: Json, options: object = {}): Promise<string> {
    const body = { remote: remote.pulp_href, ...options };
    return await this.start('POST', `${repository.pulp_href}sync/`, body);
  }

  /** A repository that was synced from an upstream with these units. */
  async synced(units: readonly SampleUnit[], remoteFields: object = {}): Promise<{ repository: Json; remote: Json }> {
    this.offer(units);
    const [repository, remote] = [await this.repository(), await this.remote(remoteFields)];
    assertCompleted(await this.sync(repository, remote, this.description.upstream!.additive ?? {}));
    return { repository, remote };
  }

  /** Sends what starts a task; answers its href. */
  async start(method: string, path: string, body?: object): Promise<string> {
    const reply = await this.call(method, path, body);
    assert.equal(reply.status, 202, `${method} ${path}: ${JSON.stringify(reply.body)}`);
    return reply.body.task;
  }

  /** The task once it has ended, however it did. */
  async ended(task: string, seconds = 90): Promise<Json> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const found = await this.get(task);
      if (!UNENDED.has(found.state)) return found;
      assert.ok(Date.now() < deadline, `${found.name} is ${found.state} after ${seconds} s`);
      await sleep(20);
    }
  }

  /** Sends what starts a task, which has to complete; answers the task. */
  async done(method: string, path: string, body?: object): Promise<Json> {
    return assertCompleted(await this.ended(await this.start(method, path, body)));
  }

  /** The number of the newest version. */
  async latest(repository: Json): Promise<number> {
    return numberOf((await this.get(repository.pulp_href)).latest_version_href);
  }

  /** Units of the newest version, or of the one named, by path. */
  async units(repository: Json, version?: number): Promise<Map<string, Json>> {
    const { versions_href: versions } = await this.get(repository.pulp_href);
    const number = version ?? (await this.latest(repository));
    const { results } = await this.get(`${this.list('content')}?limit=100&repository_version=${versions}${number}/`);
    return new Map(results.map((unit: Json) => [this.description.pathOf(unit), unit]));
  }

  async assertUnits(repository: Json, expected: readonly SampleUnit[], version?: number): Promise<void> {
    assert.deepEqual([...(await this.units(repository, version)).keys()].sort(), pathsOf(expected));
  }

  /** Publishes the newest version; answers the publication. */
  async publication(repository: Json, more: object = {}): Promise<Json> {
    const body = { repository: repository.pulp_href, ...more };
    const task = await this.done('POST', this.list('publication'), body);
    return await this.get(created(task, '/publications/'));
  }

  /** A distribution of a name of its own; its fields beside the name and the base path. */
  async distribute(more: object): Promise<Json> {
    const name = this.name('distribution');
    await this.make(this.list('distribution'), { name, base_path: name, ...more });
    return (await this.get(`${this.list('distribution')}?name=${name}`)).results[0];
  }

  /** A distribution that serves the newest version of a repository. */
  async serving(repository: Json): Promise<Json> {
    if (this.description.repository.servesPublications) await this.publication(repository);
    return await this.distribute({ repository: repository.pulp_href });
  }

  /** A request to a distribution by the content app. */
  async fetch(distribution: Json, path: string, init: RequestInit = {}): Promise<Response> {
    return await this.server.fetch(this.#pathOf(distribution) + encodeURI(path), init);
  }

  #pathOf(distribution: Json): string {
    return `/pulp/content/${this.domain}/${distribution.base_path}/`;
  }

  /** Fails unless every unit is served at its path, byte by byte. */
  async assertServed(distribution: Json, units: readonly SampleUnit[]): Promise<void> {
    for (const unit of units) {
      const response = await this.fetch(distribution, unit.path);
      assert.equal(response.status, 200, `${unit.path}: ${response.status}`);
      assert.ok(Buffer.from(await response.arrayBuffer()).equals(unit.bytes), `the bytes of ${unit.path}`);
    }
  }

  /** What a client of the type finds, by the index of the distribution. */
  async listed(distribution: Json): Promise<string[]> {
    const view: ClientView = {
      origin: this.server.url,
      content: this.server.url + this.#pathOf(distribution),
      domain: this.domain!,
      basePath: distribution.base_path,
    };
    return [...(await this.description.listing!(view))].sort();
  }

  /** The form of an upload of a unit. */
  form(unit: SampleUnit, more: Readonly<Record<string, string>> = {}): FormData {
    const body = new FormData();
    for (const [name, value] of Object.entries({ ...fieldsOf(unit), ...more })) body.set(name, value);
    body.set('file', new Blob([new Uint8Array(unit.bytes)]), unit.path.split('/').at(-1)!);
    return body;
  }

  /** Uploads a unit by a task, into a repository where one is named; answers its href. */
  async upload(unit: SampleUnit, repository?: Json): Promise<string> {
    const form = this.form(unit, repository && { repository: repository.pulp_href });
    return created(await this.done('POST', this.list('content'), form), '/content/');
  }

  /** A repository with these units uploaded, one version for each. */
  async filled(units: readonly SampleUnit[]): Promise<Json> {
    const repository = await this.repository();
    for (const unit of units) await this.upload(unit, repository);
    return repository;
  }

  /** A repository with these units, by whichever way the type has. */
  async holding(units: readonly SampleUnit[]): Promise<Json> {
    return this.description.content.upload ? await this.filled(units) : (await this.synced(units)).repository;
  }

  async count(list: string): Promise<number> {
    return (await this.get(`${list}${list.includes('?') ? '&' : '?'}limit=1`)).count;
  }

  /** A request as somebody else. */
  async as(user: string, method: string, path: string, body?: object): Promise<Reply> {
    const response = await this.server.fetch(path.startsWith('/') ? path : this.prefix + path, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(user).toString('base64')}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
  }
}

export function fieldsOf(unit: SampleUnit): Readonly<Record<string, string>> {
  return unit.fields ?? { relative_path: unit.path };
}

export const pathsOf = (units: readonly SampleUnit[]): string[] => units.map(({ path }) => path).sort();

/** `…/versions/3/` → 3 */
export const numberOf = (href: string): number => Number(href.split('/').at(-2));

export function assertCompleted(task: Json): Json {
  assert.equal(task.state, 'completed', `${task.name}: ${JSON.stringify(task.error)}`);
  return task;
}

/** The created resource of a task whose href has a part. */
export function created(task: Json, part: string): string {
  const href = task.created_resources.find((one: string) => one.includes(part));
  assert.ok(href, `${task.name} has made ${JSON.stringify(task.created_resources)}`);
  return href;
}
