/** A registry that wants a token of its service for each repository, and keeps blobs on another host. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { serve, type TestServer } from './upstream-servers.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

export class RegistryServer {
  /** By path below `/v2/`: `team/app/blobs/sha256:…`. */
  readonly files = new Map<string, Buffer>();
  /** Authorization of each request for a token. */
  readonly asked: { url: URL; authorization: string | undefined }[] = [];
  /** Authorization of each request for a file, by host. */
  readonly served: { host: 'registry' | 'storage'; path: string; headers: IncomingMessage['headers'] }[] = [];
  /** Who may have tokens; anybody by default. */
  user: string | undefined;
  /** Seconds, as the service says. */
  life: number | undefined = 300;
  /** Milliseconds until the service answers. */
  delay = 0;
  /** What the service answers instead. */
  answer: { status: number; body: string } | undefined;
  /** Blobs come by a redirect to the storage. */
  redirects = true;
  readonly #valid = new Map<string, string>();
  #tokens = 0;
  registry!: TestServer;
  storage!: TestServer;
  service!: TestServer;

  static async start(): Promise<RegistryServer> {
    const made = new RegistryServer();
    made.registry = await serve((request, response) => made.#registry(request, response));
    made.storage = await serve((request, response) => made.#storage(request, response));
    made.service = await serve((request, response) => void made.#token(request, response));
    return made;
  }

  async close(): Promise<void> {
    for (const server of [this.registry, this.storage, this.service]) await server[Symbol.asyncDispose]();
  }

  get url(): string {
    return this.registry.url;
  }

  /** No token that was given is good any more. */
  revoke(): void {
    this.#valid.clear();
  }

  #registry(request: IncomingMessage, response: ServerResponse): unknown {
    const path = request.url!.replace(/^\/v2\//, '');
    this.served.push({ host: 'registry', path, headers: request.headers });
    const scope = `repository:${path.replace(/\/(?:manifests|blobs|tags)\/.*$/, '')}:pull`;
    if (this.#valid.get(request.headers.authorization ?? '') !== scope) return this.#challenge(response, scope);
    const file = this.files.get(path);
    if (!file) return answer(response, 404, 'no such file');
    if (path.includes('/blobs/') && this.redirects) {
      const location = `${this.storage.url}/${encodeURIComponent(path)}?sig=a%2Fb`;
      return response.writeHead(307, { location }).end();
    }
    if (path.includes('/manifests/')) {
      if (!request.headers.accept?.includes(MANIFEST)) return answer(response, 404, 'MANIFEST_UNKNOWN');
      response.setHeader('Docker-Content-Digest', 'sha256:of-the-manifest');
      response.setHeader('Content-Type', MANIFEST);
    }
    return answer(response, 200, file);
  }

  #challenge(response: ServerResponse, scope: string): void {
    const challenge = `Bearer realm="${this.service.url}/token?account=of+query",service="registry.test",scope="${scope}"`;
    response.setHeader('WWW-Authenticate', challenge);
    answer(response, 401, '{"errors":[{"code":"UNAUTHORIZED"}]}');
  }

  #storage(request: IncomingMessage, response: ServerResponse): unknown {
    const path = decodeURIComponent(request.url!.slice(1).replace(/\?.*$/, ''));
    this.served.push({ host: 'storage', path, headers: request.headers });
    if (!request.url!.endsWith('?sig=a%2Fb')) return answer(response, 403, 'wrong signature');
    const file = this.files.get(path);
    return answer(response, file ? 200 : 404, file ?? '');
  }

  async #token(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const url = new URL(request.url!, this.service.url);
    const { authorization } = request.headers;
    this.asked.push({ url, authorization });
    if (this.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.delay));
    if (this.answer) return answer(response, this.answer.status, this.answer.body);
    if (this.user !== undefined && authorization !== `Basic ${btoa(this.user)}`)
      return answer(response, 401, 'wrong password');
    const token = `token-${++this.#tokens}`;
    this.#valid.set(`Bearer ${token}`, url.searchParams.get('scope') ?? '');
    return answer(response, 200, JSON.stringify({ token, expires_in: this.life }));
  }
}

function answer(response: ServerResponse, status: number, body: string | Buffer): void {
  response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body);
}

export const registryScope = (url: URL): string =>
  `repository:${url.pathname.replace(/^\/v2\//, '').replace(/\/(?:manifests|blobs|tags)\/.*$/, '')}:pull`;

export const MANIFEST_TYPE = MANIFEST;
