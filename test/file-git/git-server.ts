/** A git repository made with the system's git, served over HTTP by its own server program, with an LFS store beside it. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { digestsOf } from '../../src/lib/crypto/digest.ts';

const AUTHOR = [
  '-c',
  'user.name=T',
  '-c',
  'user.email=t@example.com',
  '-c',
  'init.defaultBranch=main',
  '-c',
  'protocol.file.allow=always',
];

export class GitServer {
  readonly root = mkdtempSync(join(tmpdir(), 'deckle-git-'));
  readonly requests: string[] = [];
  /** Objects of LFS by sha256. */
  readonly large = new Map<string, Buffer>();
  /** Answers version 0 of the protocol. */
  old = false;
  /** `user:password` that is asked for. */
  login = '';
  origin = '';
  /** `x-lfs` headers of downloads from the LFS store. */
  readonly tokens: unknown[] = [];

  git(directory: string, ...args: string[]): string {
    return execFileSync('git', [...AUTHOR, '-C', join(this.root, directory), ...args], {
      encoding: 'utf8',
      input: '',
    }).trim();
  }

  init(name: string, ...options: string[]): void {
    execFileSync('git', [...AUTHOR, 'init', '-q', ...options, join(this.root, name)]);
    this.git(name, 'config', 'uploadpack.allowFilter', 'true');
  }

  /** Commits everything in the work tree; answers the name of the commit. */
  commit(name: string, message: string): string {
    this.git(name, 'add', '-A');
    this.git(name, 'commit', '-q', '-m', message);
    return this.git(name, 'rev-parse', 'HEAD');
  }

  /** The text of a pointer to an object that is kept in the LFS store. */
  point(bytes: Buffer): string {
    const oid = digestsOf(bytes, ['sha256']).sha256!;
    this.large.set(oid, bytes);
    return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${bytes.length}\n`;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${request.method} ${request.url}`);
    const expected = `Basic ${Buffer.from(this.login).toString('base64')}`;
    const url = new URL(request.url!, this.origin);
    if (url.pathname.startsWith('/lfs/')) this.#sendLarge(url.pathname.slice(5), request, response);
    else if (this.login && request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
    } else if (url.pathname.endsWith('/info/lfs/objects/batch')) void this.#locate(request, response);
    else this.#backend(url, request, response);
  }

  async #locate(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString()) as {
      operation: string;
      objects: { oid: string; size: number }[];
    };
    const objects = asked.objects.map(({ oid, size }) =>
      this.large.has(oid)
        ? {
            oid,
            size,
            actions: { [asked.operation]: { href: `${this.origin}/lfs/${oid}`, header: { 'x-lfs': 'token' } } },
          }
        : { oid, size, error: { code: 404, message: 'Object does not exist' } },
    );
    response.writeHead(200, { 'content-type': 'application/vnd.git-lfs+json' }).end(JSON.stringify({ objects }));
  }

  #sendLarge(oid: string, request: IncomingMessage, response: ServerResponse): void {
    this.tokens.push(request.headers['x-lfs']);
    response.end(this.large.get(oid));
  }

  #backend(url: URL, request: IncomingMessage, response: ServerResponse): void {
    const child = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: this.root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'safe.directory',
        GIT_CONFIG_VALUE_0: '*',
        ...(!this.old && { GIT_PROTOCOL: String(request.headers['git-protocol'] ?? '') }),
      },
    });
    request.pipe(child.stdin);
    child.stdin.on('error', () => {});
    const pieces: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    child.on('close', () => send(Buffer.concat(pieces), response));
  }
}

/** Headers of CGI, an empty line, the body. */
function send(bytes: Buffer, response: ServerResponse): void {
  const end = bytes.indexOf('\r\n\r\n');
  for (const line of bytes.toString('latin1', 0, end).split('\r\n')) {
    const [name = '', ...value] = line.split(': ');
    if (name === 'Status') response.statusCode = Number.parseInt(value.join(': '), 10);
    else response.setHeader(name, value.join(': '));
  }
  response.end(bytes.subarray(end + 4));
}

export async function useGitServer(): Promise<GitServer> {
  const server = new GitServer();
  const http = createServer((request, response) => server.answer(request, response));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  server.origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  after(() => {
    http.close();
    http.closeAllConnections();
    rmSync(server.root, { recursive: true, force: true });
  });
  return server;
}
