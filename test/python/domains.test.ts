/** Two domains with indexes of the same names, and who may do what with an index. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { startDomains } from '../domains/domain-server.ts';
import { makeSdist } from './upstream.ts';

const server = await startDomains();
await server.makeDomain('other', { location: '' });

function form(filename: string, bytes: Buffer): FormData {
  const body = new FormData();
  body.set('sha256_digest', sha256Of(bytes));
  body.set('content', new Blob([new Uint8Array(bytes)]), filename);
  return body;
}

async function makeIndex(domain: string): Promise<{ repository: string; distribution: string }> {
  const { body } = await server.call(domain, 'POST', 'repositories/python/python/', { name: 'packages' });
  const made = await server.call(domain, 'POST', 'distributions/python/pypi/', {
    name: 'packages',
    base_path: 'team/packages',
    repository: body.pulp_href,
  });
  await server.ended(made);
  const { body: found } = await server.call(domain, 'GET', 'distributions/python/pypi/?name=packages');
  return { repository: body.pulp_href, distribution: found.results[0].pulp_href };
}

const upload = async (domain: string, version: string, authorization?: string) =>
  await server.fetch(`/pypi/${domain}/team/packages/legacy/`, {
    method: 'POST',
    body: form(`same-${version}.tar.gz`, makeSdist('same', version, domain)),
    ...(authorization !== undefined && { headers: { authorization } }),
  });

// biome-ignore lint/suspicious/noExplicitAny: pages are looked into as they come
const page = async (domain: string): Promise<any> => {
  const response = await server.fetch(`/pypi/${domain}/team/packages/simple/same/?format=json`);
  return response.status === 200 ? await response.json() : undefined;
};

const indexes = { default: await makeIndex('default'), other: await makeIndex('other') };

test('indexes of two domains have the same names and nothing else in common', async () => {
  for (const [domain, version] of [
    ['default', '1.0'],
    ['other', '2.0'],
  ] as const) {
    const response = await upload(domain, version);
    assert.equal(response.status, 202);
    const task = (await response.json()) as { task: string };
    const ended = await server.ended({ status: 202, body: task });
    assert.equal(ended.state, 'completed');
  }
  for (const [domain, version] of [
    ['default', '1.0'],
    ['other', '2.0'],
  ] as const) {
    const { files } = await page(domain);
    assert.deepEqual(
      files.map(({ filename }: { filename: string }) => filename),
      [`same-${version}.tar.gz`],
    );
    assert.ok(files[0].url.includes(`/pulp/content/${domain}/team/packages/`), files[0].url);
    const bytes = Buffer.from(await (await fetch(files[0].url)).arrayBuffer());
    assert.equal(sha256Of(bytes), files[0].hashes.sha256);
    const { body: units } = await server.call(domain, 'GET', 'content/python/packages/?name=same&fields=version');
    assert.deepEqual(units.results, [{ version }]);
    const { body: distribution } = await server.call(domain, 'GET', indexes[domain].distribution);
    assert.ok(distribution.base_url.endsWith(`/pypi/${domain}/team/packages/`), distribution.base_url);
  }
  assert.equal((await server.fetch('/pypi/nowhere/team/packages/simple/')).status, 404);
});

test('whoever may modify the repository may upload, in that domain only', async () => {
  const password = 'correct-horse-9';
  const made = await server.call('default', 'POST', 'users/', { username: 'uploader', password });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const authorization = `Basic ${Buffer.from(`uploader:${password}`).toString('base64')}`;
  assert.equal((await upload('default', '3.0', authorization)).status, 403);
  const role = await server.call('default', 'POST', `${indexes.default.repository}add_role/`, {
    role: 'python.pythonrepository_owner',
    users: ['uploader'],
  });
  assert.equal(role.status, 201, JSON.stringify(role.body));
  assert.equal((await upload('default', '3.0', authorization)).status, 202);
  assert.equal((await upload('other', '3.0', authorization)).status, 403);
  const anonymous = await fetch(`${server.url}/pypi/default/team/packages/legacy/`, {
    method: 'POST',
    body: form('same-4.0.tar.gz', makeSdist('same', '4.0')),
  });
  assert.equal(anonymous.status, 401);
  assert.match(anonymous.headers.get('www-authenticate') ?? '', /^Basic/);
  assert.equal((await fetch(`${server.url}/pypi/default/team/packages/simple/`)).status, 200);
});

test('a policy of the live protocol can close an index to the public', async () => {
  const { body: found } = await server.call('default', 'GET', 'access_policies/?viewset_name=pypi/simple');
  const [policy] = found.results;
  const closed = [{ action: ['*'], principal: 'authenticated', effect: 'allow' }];
  const patched = await server.call('default', 'PATCH', policy.pulp_href, { statements: closed });
  assert.equal(patched.status, 200, JSON.stringify(patched.body));
  assert.equal((await fetch(`${server.url}/pypi/default/team/packages/simple/`)).status, 401);
  assert.equal((await server.fetch('/pypi/default/team/packages/simple/')).status, 200);
  await server.call('default', 'POST', `${policy.pulp_href}reset/`, {});
  assert.equal((await fetch(`${server.url}/pypi/default/team/packages/simple/`)).status, 200);
});
