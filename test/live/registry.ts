/** A package type of tests with a protocol of its own: a small registry of blobs, with tokens, scopes, errors and uploads in chunks. */
import { HttpError } from '../../src/lib/errors.ts';
import type { Domain } from '../../src/plugin-api/contracts/context.ts';
import type {
  LiveAnswer,
  LiveApi,
  LiveDistribution,
  LiveParams,
  LiveRequest,
} from '../../src/plugin-api/contracts/live.ts';
import { definePlugin } from '../../src/plugin-api/contracts/plugin.ts';
import { filePlugin } from '../../src/plugins/file/plugin.ts';

/** An error with a code, as clients of registries read it. */
class RegistryError extends HttpError {
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(status, message);
    this.code = code;
  }
}

const CODES: Readonly<Record<number, string>> = { 401: 'UNAUTHORIZED', 403: 'DENIED', 413: 'SIZE_INVALID' };

async function openName(request: LiveRequest, { pulp_domain: domain, name }: LiveParams): Promise<LiveDistribution> {
  const found = await request.find(domain!, name!);
  if (!found || found.basePath !== name) throw new RegistryError(404, 'NAME_UNKNOWN', 'Repository not found.');
  return found;
}

async function domainOf(request: LiveRequest, { pulp_domain: name }: LiveParams): Promise<Domain> {
  const domain = await request.domain(name!);
  if (!domain) throw new RegistryError(404, 'NAME_UNKNOWN', 'Repository not found.');
  return domain;
}

/** Bytes of uploads in the making, by their ids. */
const uploads = new Map<string, Buffer>();

async function patchUpload(request: LiveRequest, { id }: LiveParams): Promise<LiveAnswer> {
  const before = uploads.get(id!) ?? Buffer.alloc(0);
  const range = /^(\d+)-(\d+)$/.exec(String(request.headers['content-range'] ?? ''));
  if (range && Number(range[1]) !== before.length) throw new RegistryError(416, 'RANGE', 'Not the next chunk.');
  const pieces: Uint8Array[] = [before];
  for await (const piece of request.stream({ maxBytes: 1000 })) pieces.push(piece);
  const all = Buffer.concat(pieces);
  uploads.set(id!, all);
  return { status: 202, headers: { Range: `0-${all.length - 1}`, Location: request.url } };
}

/** Whoever may push into the domain makes what is not there yet. */
async function pushBlob(request: LiveRequest, params: LiveParams): Promise<LiveAnswer> {
  const domain = await domainOf(request, params);
  const { name = '', digest = '' } = params;
  const known = await request.find(domain.name, name);
  const user = await request.authorize('test/registry', 'push', known ?? { domain });
  const temp = await request.receive(domain, { maxBytes: null, expected: { digests: { sha256: digest.slice(7) } } });
  const artifact = await request.keepFile(domain, { temp });
  if (!known) {
    const made = await request.create(domain, user, filePlugin.repositories[0]!, { name });
    const repository = made.answer.headers?.Location;
    await request.create(domain, user, filePlugin.distributions[0]!, { name, base_path: name, repository });
  }
  return { status: 201, headers: { 'Docker-Content-Digest': digest, 'X-Artifact': artifact } };
}

async function readBlob(request: LiveRequest, params: LiveParams): Promise<LiveAnswer> {
  const distribution = await openName(request, params);
  await request.authorize('test/registry', 'pull', distribution);
  await request.checkGuard(distribution, `${params.name}/blobs/${params.digest}`);
  const headers = { 'Docker-Content-Digest': params.digest! };
  const artifact = request.query.get('artifact');
  const file = artifact ? { artifact } : { contentArtifact: Number(request.query.get('unit')), distribution };
  return { file, contentType: 'application/octet-stream', headers };
}

async function* counted(to: number): AsyncGenerator<Uint8Array> {
  for (let at = 1; at <= to; at++) yield Buffer.from(`${at}\n`);
  if (to === 13) throw new Error('the rest is missing');
}

export const registry: LiveApi = {
  prefixes: () => ['/v2/', '/extensions/v2/'],
  policies: {
    'test/registry': {
      statements: [
        '*: pull | =test_is_public',
        'pull | mdo:file.view_filedistribution',
        'push | =test_may_push:file.modify_filerepository',
      ],
    },
  },
  async authenticate(request) {
    const [, name] = /^Bearer (\w+)-token$/.exec(request.headers.authorization ?? '') ?? [];
    if (name) return await request.accounts.byName(name);
    if (/^Bearer /.test(request.headers.authorization ?? '')) throw new HttpError(401, 'invalid token');
    return await request.accounts.ofRequest();
  },
  challenge: ({ origin, path }) => `Bearer realm="${origin}/token/",service="test",scope="${path.split('/')[0]}"`,
  error: ({ status, headers, message, error }) => ({
    status,
    headers: { ...headers, 'Docker-Distribution-Api-Version': 'registry/2.0' },
    body: {
      errors: [
        { code: error instanceof RegistryError ? error.code : (CODES[status] ?? 'UNSUPPORTED'), message, detail: {} },
      ],
    },
  }),
  routes: [
    { method: 'GET', path: '', handle: async (request) => ({ status: 200, body: { prefix: request.prefix } }) },
    {
      method: 'GET',
      path: '_count/{to}',
      handle: async (_request, { to }) => ({ status: 200, body: counted(Number(to)) }),
    },
    {
      method: 'POST',
      path: '_decoded',
      handle: async (request) => ({ status: 200, body: await request.bytes({ decode: true, maxBytes: 10_000 }) }),
    },
    { method: 'PATCH', path: '{pulp_domain}/{name+}/blobs/uploads/{id}[/]', handle: patchUpload },
    { method: 'PUT', path: '{pulp_domain}/{name+}/blobs/{digest}', handle: pushBlob },
    { method: 'GET', path: '{pulp_domain}/{name+}/blobs/{digest}', handle: readBlob },
    {
      method: 'HEAD',
      path: '{pulp_domain}/{name+}/manifests/{reference}',
      handle: async (request, params) => ({
        status: 200,
        headers: { 'Content-Length': '924', 'X-Method': request.method, 'X-Name': params.name! },
      }),
    },
    {
      method: 'GET',
      path: '{pulp_domain}/{name+}/manifests/{reference}',
      handle: async (request, params) => ({ status: 200, body: { method: request.method, ...params } }),
    },
  ],
};

/** Hands out tokens; a protocol of its own, with other errors and no challenge but the usual one. */
export const tokens: LiveApi = {
  prefixes: () => ['/token/'],
  async handle(request) {
    const { user: name, password, keep } = Object.fromEntries(request.query);
    if (name) {
      const user = await request.accounts.byPassword(name, password ?? '');
      if (!user) throw new HttpError(401, 'Wrong password.');
      return { status: 200, body: { token: await request.accounts.makeToken(user, { name: keep ?? 'registry' }) } };
    }
    const user = await request.user();
    if (request.method !== 'DELETE') return { status: 200, body: { username: user?.username ?? null } };
    const [, token = ''] = (request.headers.authorization ?? '').split(' ');
    return { status: user && (await request.accounts.endToken(user, token)) ? 204 : 404 };
  },
};

export const registryPlugin = definePlugin({
  name: 'test',
  version: '0',
  package: 'test',
  module: 'test',
  live: [registry, tokens],
  conditions: {
    test_is_public: ({ subject }) => subject?.distribution?.row.hidden === false,
    test_may_push: async (context, permission) => {
      if (context.holds(permission)) return true;
      const repository = await context.subject?.repository();
      return repository !== undefined && (await context.holdsOn(permission, repository.label, repository.id));
    },
  },
});
