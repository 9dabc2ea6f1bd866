/** Separate processes of one server, each started alone as on machines of their own, to be killed, frozen and watched. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { installedMigrations } from '../../src/app/installed-migrations.ts';
import { firstStart } from '../../src/app/processes/first-start.ts';
import { makeSettings } from '../../src/config/settings.ts';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { type EmbeddedPostgres, startEmbedded } from '../../src/db/embedded/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import { sql } from '../../src/db/sql.ts';
import { Secrets } from '../../src/lib/crypto/secrets.ts';
import type { Domain } from '../../src/plugin-api/contracts/context.ts';
import { type DispatchServices, dispatch } from '../../src/tasking/queue/dispatch.ts';
import type { TaskRow } from '../../src/tasking/queue/task-row.ts';
import { useDatabase } from '../support/database.ts';
import { isRunning, killAll, processTree } from '../support/processes.ts';
import { program } from '../support/program.ts';

export type Role = 'api' | 'content' | 'web' | 'worker';
type Flags = Readonly<Record<string, string | number>>;

const mainFile = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
export const apiRoot = '/pulp/api/v3/';
const password = 'password';
/** Short enough for tests, long enough for a busy machine. */
const shortLives = { 'worker-ttl': 3, 'api-app-ttl': 3, 'content-app-ttl': 3, 'scheduler-interval': 1 };

/** Seconds within which what is promised must happen: the time to live and a minute. A busy machine needs some of them. */
const patience = 63;

/** Looks again and again until something is so; an error counts as no. */
export async function until<T>(
  what: string,
  holds: () => Promise<T | undefined | false> | T | undefined | false,
  seconds = patience,
): Promise<T> {
  let last: unknown;
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(30)) {
    try {
      const value = await holds();
      if (value) return value;
    } catch (error) {
      last = error;
    }
  }
  assert.fail(`not within ${seconds} s: ${what}${last ? ` (${String(last)})` : ''}`);
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests as they come
  readonly body: any;
}

/** One process of the server with whatever it has started. */
export class Member {
  readonly role: Role;
  readonly url: string;
  readonly process: ChildProcess;
  output = '';

  constructor(role: Role, url: string, child: ChildProcess) {
    this.role = role;
    this.url = url;
    this.process = child;
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
  }

  get ended(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** SIGKILL for it and for what it has started, at once. */
  kill(): void {
    if (!this.ended) killAll(processTree(this.process.pid!));
  }

  /** SIGKILL for this process alone. */
  killAlone(): void {
    this.process.kill('SIGKILL');
  }

  freeze(): void {
    for (const pid of processTree(this.process.pid!)) process.kill(pid, 'SIGSTOP');
  }

  thaw(): void {
    for (const pid of processTree(this.process.pid!)) process.kill(pid, 'SIGCONT');
  }

  /** Asks it to end; answers its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.process.kill(signal);
    await until(`${this.role} ends`, () => this.ended);
    return this.process.exitCode;
  }

  get<T = Answer>(path: string, init: RequestInit = {}): Promise<T> {
    return request(this.url, 'GET', path, undefined, init) as Promise<T>;
  }

  call(method: string, path: string, body?: unknown, init: RequestInit = {}): Promise<Answer> {
    return request(this.url, method, path, body, init);
  }

  /** Posts and waits for the task; answers the task. */
  async done(method: string, path: string, body?: unknown, seconds = patience): Promise<Answer['body']> {
    const { status, body: answer } = await this.call(method, path, body);
    assert.equal(status, 202, JSON.stringify(answer));
    return this.task(answer.task, seconds);
  }

  async task(href: string, seconds = patience): Promise<Answer['body']> {
    return until(
      `task ${href} ends`,
      async () => {
        const { body } = await this.get(href);
        return ['completed', 'failed', 'canceled'].includes(body.state) ? body : undefined;
      },
      seconds,
    );
  }
}

async function request(
  origin: string,
  method: string,
  path: string,
  body: unknown,
  init: RequestInit,
): Promise<Answer> {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`);
  const form = body instanceof FormData || body instanceof ReadableStream;
  if (body !== undefined && !form) headers.set('content-type', 'application/json');
  const url = path.startsWith('/') ? path : apiRoot + path;
  const response = await fetch(origin + url, {
    ...init,
    method,
    headers,
    ...(body !== undefined && { body: form ? (body as FormData) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') && text !== '';
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
}

export class Cluster {
  readonly data: string;
  readonly databaseUrl: string;
  readonly db: Database;
  readonly flags: Flags;
  readonly members: Member[] = [];
  readonly postgres: OwnPostgres | undefined;
  #services: DispatchServices | undefined;
  #names = 0;

  constructor(data: string, databaseUrl: string, db: Database, flags: Flags, postgres?: OwnPostgres) {
    this.data = data;
    this.databaseUrl = databaseUrl;
    this.db = db;
    this.flags = flags;
    this.postgres = postgres;
  }

  /** Starts a process and waits until it does its work. */
  async start(role: Role, flags: Flags = {}, words: readonly string[] = []): Promise<Member> {
    const member = await this.spawn(role, flags, words);
    await this.ready(member);
    return member;
  }

  /** SIGKILL for everything that still runs, so that what a failed test has left does not disturb the next one. */
  killAll(): void {
    for (const member of this.members.splice(0)) member.kill();
  }

  async ready(member: Member): Promise<void> {
    await until(
      `${member.role} is ready`,
      async () => {
        if (member.ended) assert.fail(`${member.role} has ended:\n${member.output}`);
        return member.output.includes(member.role === 'worker' ? 'works on tasks' : 'listening on');
      },
      90,
    );
  }

  /** `program` is run in place of this program's main file, as `argv[0]` and words before the role; `socket` becomes its descriptor 3. */
  async spawn(
    role: Role,
    flags: Flags = {},
    words: readonly string[] = [],
    { program = [process.execPath, mainFile], socket }: { program?: readonly string[]; socket?: number } = {},
  ): Promise<Member> {
    const port = Number(flags.port ?? (await freePort()));
    const { port: _port, ...own } = flags;
    const all = {
      data: this.data,
      bind: `127.0.0.1:${port}`,
      'database-url': this.databaseUrl,
      ...shortLives,
      ...this.flags,
      ...own,
    };
    const args = Object.entries(all).map(([name, value]) => `--${name}=${value}`);
    const [file = '', ...first] = program;
    const child = spawn(file, [...first, role, '--test-tasks', '--no-access-log', ...args, ...words], {
      stdio: ['ignore', 'pipe', 'pipe', ...(socket === undefined ? [] : [socket])],
    });
    const member = new Member(role, `http://127.0.0.1:${port}`, child);
    this.members.push(member);
    return member;
  }

  /** Puts one of the test tasks into the queue, as any process does. */
  async dispatch(
    name: string,
    args: object = {},
    exclusive: readonly string[] = [],
    shared: readonly string[] = [],
  ): Promise<number> {
    this.#services ??= {
      db: this.db,
      settings: makeSettings({ data: this.data, databaseUrl: this.databaseUrl }),
      secrets: await Secrets.load(join(this.data, 'db-encryption-key')),
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    };
    const domain = (await this.db.row<Domain>(sql`select id, pulp_id as "pulpId", name from domain`))!;
    const request = { name: `pulpcore.app.tasks.test.${name}`, args, exclusive, shared, domain, userId: null };
    return (await dispatch(this.#services, request)).id;
  }

  async taskRow(id: number): Promise<TaskRow> {
    return (await this.db.row<TaskRow>(sql`select * from task where id = ${id}`))!;
  }

  async running(id: number): Promise<void> {
    await until(`task ${id} runs`, async () => (await this.taskRow(id)).state === 'running');
  }

  /** The task when it has ended. */
  async ended(id: number, seconds = patience): Promise<TaskRow> {
    return until(
      `task ${id} ends`,
      async () => {
        const row = await this.taskRow(id);
        return row.finished_at ? row : undefined;
      },
      seconds,
    );
  }

  name(what: string): string {
    return `${what}-${++this.#names}`;
  }

  /** Sha256 digests of the files that are not where their artifacts say, or are damaged. */
  async damagedArtifacts(): Promise<string[]> {
    const { readFile } = await import('node:fs/promises');
    const rows = await this.db.rows<{ sha256: Buffer | string }>(
      sql`select encode(sha256, 'hex') as sha256 from artifact`,
    );
    const damaged: string[] = [];
    for (const { sha256 } of rows) {
      const digest = String(sha256);
      const path = join(this.data, 'media', 'artifact', digest.slice(0, 2), digest.slice(2));
      const bytes = await readFile(path).catch(() => undefined);
      if (!bytes || createHash('sha256').update(bytes).digest('hex') !== digest) damaged.push(digest);
    }
    return damaged;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A PostgreSQL of one test file that can be stopped, frozen and killed. */
export class OwnPostgres {
  readonly directory: string;
  #server: EmbeddedPostgres | undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  async start(): Promise<string> {
    this.#server = await startEmbedded({ directory: this.directory });
    return this.#server.url;
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  async #pids(): Promise<number[]> {
    const { readFile } = await import('node:fs/promises');
    return processTree(Number((await readFile(join(this.directory, 'postmaster.pid'), 'utf8')).split('\n')[0]));
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    for (const pid of await this.#pids()) if (isRunning(pid)) process.kill(pid, signal);
  }
}

/** A database with its first objects, a data directory, and no process yet; everything ends with the tests of the file. */
export async function useCluster(flags: Flags = {}, options: { ownPostgres?: boolean } = {}): Promise<Cluster> {
  const data = mkdtempSync(join(tmpdir(), 'deckle-failure-'));
  const postgres = options.ownPostgres ? new OwnPostgres(join(data, 'postgres')) : undefined;
  const databaseUrl = postgres ? await postgres.start() : (await useDatabase()).url;
  const db = openDatabase({ url: databaseUrl });
  if (postgres) await migrate(db, installedMigrations);
  await firstStart(db, makeSettings({ data, databaseUrl, adminPassword: password }), program);
  const cluster = new Cluster(data, databaseUrl, db, flags, postgres);
  const killRest = () => cluster.killAll();
  process.on('exit', killRest);
  after(async () => {
    killRest();
    await db.close();
    await postgres?.signal('SIGCONT').catch(() => {});
    await postgres?.stop();
    rmSync(data, { recursive: true, force: true });
  });
  return cluster;
}

export function randomText(bytes: number): string {
  return randomBytes(bytes / 2).toString('hex');
}

/** A multipart body with one file. */
export function fileForm(text: string | Buffer, more: Readonly<Record<string, string>> = {}): FormData {
  const form = new FormData();
  form.set('file', new Blob([text as string]), 'file');
  for (const [name, value] of Object.entries(more)) form.set(name, value);
  return form;
}

/** Names in a directory below another: what was left behind. */
export function leftovers(...path: readonly string[]): string[] {
  const directory = join(...path);
  return existsSync(directory) ? readdirSync(directory) : [];
}
