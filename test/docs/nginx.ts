/** Starts nginx with a configuration of examples/, its ports and paths replaced by those of a test. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as overPlain } from 'node:http';
import { request as overTls } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../failure/cluster.ts';
import { makeCertificate } from '../support/certificates.ts';
import { mainFile } from '../support/command.ts';

const examples = join(mainFile, '../../examples');
const program = ['nginx', '/usr/sbin/nginx'].find((name) => spawnSync(name, ['-v']).status === 0);

/** What `skip` of a test takes: why it cannot run here. */
export const withoutNginx = program === undefined ? 'nginx is not installed' : false;

export interface TestProxy {
  /** Such as https://127.0.0.1:34567 */
  readonly url: string;
  /** Bytes of the body are characters of the text. */
  get(path: string, headers?: Record<string, string>): Promise<{ status: number; text: string }>;
}

/** `changes` are made in the text of the example, each of which must be there. */
export async function startNginx(example: string, changes: Readonly<Record<string, string>>): Promise<TestProxy> {
  const directory = mkdtempSync(join(tmpdir(), 'deckle-nginx-'));
  const port = await freePort();
  let text = readFileSync(join(examples, example), 'utf8');
  const tls = text.includes('listen 443 ssl;');
  const ports = tls
    ? { 'listen 443': `listen 127.0.0.1:${port}`, 'listen 80;': `listen 127.0.0.1:${await freePort()};` }
    : { 'listen 8080': `listen 127.0.0.1:${port}` };
  const paths = tls ? { '/etc/deckle/tls/server.': `${directory}/server.` } : {};
  for (const [from, to] of Object.entries({ ...ports, ...paths, ...changes })) {
    if (!text.includes(from)) throw new Error(`${example} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  const { key, pem } = makeCertificate('packages.example.com');
  writeFileSync(join(directory, 'server.pem'), pem);
  writeFileSync(join(directory, 'server.key'), key.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(directory, 'nginx.conf'), frame(directory, text));
  mkdirSync(join(directory, 'temp'));
  await run(directory, port);
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  return { url, get: (path, headers = {}) => get(tls ? overTls : overPlain, port, path, headers) };
}

/** As root the workers are what nginx is on Debian, in the group of the files: that is root's in tests. */
function frame(directory: string, servers: string): string {
  const user = process.getuid?.() === 0 ? 'user www-data root;' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `${user}
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr warn;
events {}
http {
access_log off;
${temporary.map((name) => `${name}_temp_path ${directory}/temp/${name};`).join('\n')}
${servers}
}
`;
}

async function run(directory: string, port: number): Promise<void> {
  const words = ['-p', directory, '-e', 'stderr', '-c', join(directory, 'nginx.conf')];
  const tried = spawnSync(program!, [...words, '-t'], { encoding: 'utf8' });
  if (tried.status !== 0) throw new Error(tried.stderr);
  const child = spawn(program!, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (piece) => (said += piece));
  const exited = once(child, 'exit');
  after(async () => {
    child.kill('SIGTERM');
    await exited;
    rmSync(directory, { recursive: true, force: true });
  });
  while (!(await listens(port))) {
    if (hasEnded(child)) throw new Error(said);
    await sleep(20);
  }
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** The certificate is one of the test's own. */
function get(ask: typeof overTls, port: number, path: string, headers: Record<string, string>) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const target = { host: '127.0.0.1', port, path, headers: { host: `127.0.0.1:${port}`, ...headers } };
    const request = ask({ ...target, rejectUnauthorized: false }, async (answer) => {
      let text = '';
      for await (const piece of answer.setEncoding('latin1')) text += piece;
      resolve({ status: answer.statusCode!, text });
    });
    request.once('error', reject).end();
  });
}
