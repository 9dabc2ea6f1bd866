/** Starts real servers for tests, waits until they answer, and ends them in every way a server can end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { processTree } from './processes.ts';

export interface ServerOptions {
  /** Data directory; a new one, removed after the tests, unless given. */
  data?: string;
  /** Without it the server runs its embedded PostgreSQL. */
  databaseUrl?: string;
  /** Settings by name, such as `{worker_ttl: 3}`. */
  settings?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** Another checkout of the program. */
  root?: string;
  /** The user it runs as; needs root. */
  uid?: number;
  env?: NodeJS.ProcessEnv;
}

export interface TestServer {
  /** Such as http://127.0.0.1:34567 */
  readonly url: string;
  readonly port: number;
  readonly data: string;
  readonly adminPassword: string;
  readonly process: ChildProcess;
  /** Everything it has written so far. */
  output(): string;
  /** fetch as admin, with a path such as /pulp/api/v3/status/ */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Asks it to end and waits; gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Ids of the supervisor and of everything below it. */
  processes(): number[];
}

const projectRoot = join(import.meta.dirname, '..', '..');
const startTimeout = 60_000;
const running = new Set<ChildProcess>();

// Whatever a failed test leaves: the children of a server end with it.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** How to stop the servers started on a data directory. */
const stops = new Map<string, (() => Promise<unknown>)[]>();

/** Removed after the tests, once the servers on it have stopped: hooks run in the order in which they were set. */
export function makeDataDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'deckle-server-'));
  after(async () => {
    for (const stop of stops.get(directory) ?? []) await stop();
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** A started process that may or may not become a server; `startServer` waits until it has. */
export function spawnServer(options: ServerOptions & { data: string }): { child: ChildProcess; output: () => string } {
  const root = options.root ?? projectRoot;
  const flags = Object.entries({ bind: '127.0.0.1:0', workers: 1, ...options.settings }).map(
    ([name, value]) =>
      `--${name.replaceAll('_', '-')}=${Array.isArray(value) ? `@json ${JSON.stringify(value)}` : value}`,
  );
  // A false boolean is written as its negation.
  const words = flags.map((flag) => flag.replace(/^--(.*)=true$/, '--$1').replace(/^--(.*)=false$/, '--no-$1'));
  if (options.databaseUrl) words.push(`--database-url=${options.databaseUrl}`);
  const child = spawn(process.execPath, [join(root, 'src', 'main.ts'), 'serve', `--data=${options.data}`, ...words], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...cleanEnvironment(), ...options.env },
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let text = '';
  const keep = (chunk: Buffer) => {
    text += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return { child, output: () => text };
}

/** Settings of the developer's shell must not decide what tests see. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(DECKLE|PULP|NODE_TEST|NODE_CHANNEL)_/.test(name)),
  );
}

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const data = options.data ?? makeDataDirectory();
  const { child, output } = spawnServer({ ...options, data });
  const url = await greeting(child, output);
  const passwordFile = join(data, 'admin-password');
  const adminPassword = existsSync(passwordFile)
    ? readFileSync(passwordFile, 'utf8').trim()
    : String(options.settings?.admin_password ?? '');
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    child.kill(signal);
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  };
  after(() => stop());
  stops.set(data, [...(stops.get(data) ?? []), () => stop()]);
  return {
    url,
    port: Number(new URL(url).port),
    data,
    adminPassword,
    process: child,
    output,
    fetch(path, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has('authorization')) {
        headers.set('authorization', `Basic ${Buffer.from(`admin:${adminPassword}`).toString('base64')}`);
      }
      return fetch(new URL(path, url), { ...init, headers });
    },
    stop,
    processes: () => (child.pid === undefined ? [] : processTree(child.pid)),
  };
}

async function greeting(child: ChildProcess, output: () => string): Promise<string> {
  const deadline = Date.now() + startTimeout;
  while (Date.now() < deadline) {
    const url = /ready at (\S+)\//.exec(output())?.[1];
    if (url) return url;
    if (child.exitCode !== null || child.signalCode !== null) break;
    await sleep(20);
  }
  child.kill('SIGKILL');
  throw new Error(`The server did not start. It said:\n${output()}`);
}
