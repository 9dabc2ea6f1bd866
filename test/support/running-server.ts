/** A real server with one worker, words for its REST API, and a look at what is left in its rows and files. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../src/db/sql.ts';
import { type TestDatabase, useDatabase } from './database.ts';
import { startServer, type TestServer } from './server.ts';

export const API = '/pulp/api/v3/';

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests as they come
  readonly body: any;
}

/** What a finished task shows. */
export interface EndedTask {
  readonly pulp_href: string;
  readonly state: string;
  readonly error: { readonly description: string; readonly traceback?: string } | null;
  readonly created_resources: readonly string[];
  readonly progress_reports: readonly { readonly code: string; readonly done: number; readonly state: string }[];
  // biome-ignore lint/suspicious/noExplicitAny: results are looked into by tests as they come
  readonly result: any;
}

export interface Leftovers {
  readonly rows: Readonly<Record<string, number>>;
  readonly files: readonly string[];
}

export class RunningServer {
  readonly server: TestServer;
  readonly db: TestDatabase;
  #names = 0;

  constructor(server: TestServer, db: TestDatabase) {
    this.server = server;
    this.db = db;
  }

  async call(method: string, path: string, input?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const raw = typeof input === 'string' || input instanceof FormData || input instanceof ReadableStream;
    const response = await this.server.fetch(path.startsWith('/') ? path : API + path, {
      method,
      headers: { ...(input !== undefined && !raw && { 'content-type': 'application/json' }), ...headers },
      ...(input !== undefined && { body: raw ? (input as string | FormData) : JSON.stringify(input) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') && text !== '';
    return { status: response.status, body: json ? JSON.parse(text) : text };
  }

  /** The object that was created; any other answer fails the test. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests as they come
  async create(path: string, input: object): Promise<any> {
    const { status, body } = await this.call('POST', path, { name: `${path} ${++this.#names}`, ...input });
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  }

  remote(url: string, more: object = {}): Promise<{ pulp_href: string }> {
    return this.create('remotes/file/file/', { url, max_retries: 1, ...more });
  }

  repository(more: object = {}): Promise<{ pulp_href: string; latest_version_href: string }> {
    return this.create('repositories/file/file/', more);
  }

  /** Starts a task and waits for its end. */
  async run(path: string, input?: object): Promise<EndedTask> {
    return await this.ended(await this.start(path, input));
  }

  async start(path: string, input: object = {}): Promise<string> {
    const { status, body } = await this.call('POST', path, input);
    assert.equal(status, 202, JSON.stringify(body));
    return body.task;
  }

  async ended(task: string, seconds = 60): Promise<EndedTask> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const { body } = await this.call('GET', task);
      if (!['waiting', 'running', 'canceling'].includes(body.state)) return body;
      assert.ok(Date.now() < deadline, `${task} is ${body.state} after ${seconds} s`);
      await sleep(50);
    }
  }

  /** Number of the newest version. */
  async latest(repository: { pulp_href: string }): Promise<number> {
    const { body } = await this.call('GET', repository.pulp_href);
    return Number(body.latest_version_href.split('/').at(-2));
  }

  /** Rows and temporary files that a failed attempt may not add to. */
  async leftovers(): Promise<Leftovers> {
    const tables = [
      'content',
      'content_artifact',
      'artifact',
      'repository_version',
      'repository_content',
      'publication',
    ];
    const rows: Record<string, number> = {};
    for (const table of tables) {
      const row = await this.db.row<{ count: number }>(sql`select count(*)::int as count from ${sql.ident(table)}`);
      rows[table] = row!.count;
    }
    return { rows, files: this.temporaryFiles() };
  }

  /** Bytes under way of requests and tasks, and what tasks keep while they run. */
  temporaryFiles(): string[] {
    const directories = [join(this.server.data, 'tmp'), join(this.server.data, 'media', 'tmp')].filter(existsSync);
    return directories.flatMap((directory) => {
      const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    });
  }

  /** Fails when a unit lacks its artifact, an artifact its file, or a version its end. */
  async assertWhole(): Promise<void> {
    const rows = await this.db.rows<{ what: string }>(sql`
      select 'unit ' || c.pulp_id as what from content c
        where not exists (select from content_artifact ca where ca.content_id = c.id)
      union all select 'path ' || ca.relative_path from content_artifact ca where ca.artifact_id is null
        and not exists (select from remote_artifact ra where ra.content_artifact_id = ca.id)
      union all select 'version ' || number from repository_version where not complete
      union all select 'publication ' || pulp_id from publication where not complete`);
    const artifacts = await this.db.rows<{ sha256: string; size: number }>(
      sql`select encode(sha256, 'hex') as sha256, size from artifact`,
    );
    const lost = artifacts.filter(({ sha256, size }) => {
      const file = join(this.server.data, 'media', 'artifact', sha256.slice(0, 2), sha256.slice(2));
      return statSync(file, { throwIfNoEntry: false })?.size !== size;
    });
    assert.deepEqual([...rows.map(({ what }) => what), ...lost.map(({ sha256 }) => `artifact ${sha256}`)], []);
  }

  /** Fails unless the server answers and its worker runs a task. */
  async assertAlive(): Promise<void> {
    const { status, body } = await this.call('GET', 'status/');
    assert.equal(status, 200);
    assert.ok(body.online_workers.length > 0, 'no worker is online');
    const { state, error } = await this.run('orphans/cleanup/', { orphan_protection_time: 1_000_000 });
    assert.equal(state, 'completed', JSON.stringify(error));
  }
}

export async function useRunningServer(
  settings: Readonly<Record<string, string | number | boolean | readonly string[]>> = {},
): Promise<RunningServer> {
  const db = await useDatabase();
  const server = await startServer({ databaseUrl: db.url, settings: { log_level: 'warn', ...settings } });
  return new RunningServer(server, db);
}
