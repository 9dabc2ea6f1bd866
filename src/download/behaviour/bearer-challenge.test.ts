/** Tests of registries: tokens on challenge, kept, expired, refused; and of who gets to know credentials. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MANIFEST_TYPE, RegistryServer, registryScope } from '../../../test/support/registry-server.ts';
import { serve } from '../../../test/support/upstream-servers.ts';
import { makeSettings } from '../../config/settings.ts';
import { DownloadError } from '../download-error.ts';
import { createDownloaderFactory, type TypeOfRemotes } from '../downloader.ts';
import type { RemoteSettings } from '../remote-settings.ts';
import { bearerChallenge, parseChallenges } from './bearer-challenge.ts';

const type: TypeOfRemotes = { pulpType: 'test.registry', ...bearerChallenge({ scopeOf: registryScope }) };

async function setUp(more: Partial<RemoteSettings> = {}) {
  const server = await RegistryServer.start();
  server.files.set('team/app/blobs/one', Buffer.from('first'));
  server.files.set('team/app/manifests/latest', Buffer.from('{}'));
  server.files.set('team/other/blobs/two', Buffer.from('second'));
  const factory = createDownloaderFactory(makeSettings(), [type]);
  const remote = { url: server.url, pulp_id: 'r', pulp_type: 'test.registry', max_retries: 1, ...more };
  const downloader = factory.create(remote);
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await downloader.fetch(`${server.url}/v2/${path}`, { headers, retries: 0 });
    return { status: response.status, text: await response.text(), header: (name: string) => response.header(name) };
  };
  const dispose = async () => {
    await downloader.close();
    await factory.close();
    await server.close();
  };
  return { server, factory, remote, downloader, get, [Symbol.asyncDispose]: dispose };
}

test('challenges are read as RFC 9110 writes them', () => {
  const header =
    'Bearer realm="https://a.example/t?x=1,2", service = "s\\"q", scope=plain, Basic realm="api", Negotiate';
  assert.deepEqual(parseChallenges(header), [
    { scheme: 'bearer', parameters: { realm: 'https://a.example/t?x=1,2', service: 's"q', scope: 'plain' } },
    { scheme: 'basic', parameters: { realm: 'api' } },
    { scheme: 'negotiate', parameters: {} },
  ]);
  assert.deepEqual(parseChallenges(''), []);
});

test('a token is fetched once for each scope and kept', async () => {
  await using setup = await setUp();
  const { server, get } = setup;
  for (let time = 0; time < 3; time++) assert.equal((await get('team/app/blobs/one')).text, 'first');
  assert.equal((await get('team/other/blobs/two')).text, 'second');
  assert.deepEqual(
    server.asked.map(({ url }) => [
      url.searchParams.get('account'),
      url.searchParams.get('service'),
      url.searchParams.get('scope'),
    ]),
    [
      ['of query', 'registry.test', 'repository:team/app:pull'],
      ['of query', 'registry.test', 'repository:team/other:pull'],
    ],
  );
});

test('twenty requests at once fetch one token', async () => {
  await using setup = await setUp({ download_concurrency: 20 });
  setup.server.delay = 100;
  const texts = await Promise.all(Array.from({ length: 20 }, () => setup.get('team/app/blobs/one')));
  assert.ok(texts.every(({ text }) => text === 'first'));
  assert.equal(setup.server.asked.length, 1);
});

test('another downloader of the process uses the token, one of other credentials does not', async () => {
  await using setup = await setUp();
  const { server, factory, remote, get } = setup;
  await get('team/app/blobs/one');
  const second = factory.create(remote);
  assert.equal(await (await second.fetch(`${server.url}/v2/team/app/blobs/one`)).text(), 'first');
  assert.equal(server.asked.length, 1);
  const third = factory.create({ ...remote, username: 'me', password: 'word' });
  assert.equal(await (await third.fetch(`${server.url}/v2/team/app/blobs/one`)).text(), 'first');
  assert.equal(server.asked.length, 2);
  await Promise.all([second.close(), third.close()]);
});

test('a short-lived or revoked token is renewed', async () => {
  await using setup = await setUp();
  const { server, get } = setup;
  server.life = 0.05;
  await get('team/app/blobs/one');
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal((await get('team/app/blobs/one')).status, 200);
  assert.equal(server.asked.length, 2);
  server.life = 300;
  await get('team/other/blobs/two');
  server.revoke();
  assert.equal((await get('team/other/blobs/two')).text, 'second');
  assert.equal(server.asked.length, 4);
});

test('credentials go to the token service, never to registry or storage', async () => {
  await using setup = await setUp({ username: 'me', password: 'hidden-word' });
  const { server, get } = setup;
  server.user = 'me:hidden-word';
  assert.equal((await get('team/app/blobs/one', { 'x-more': 'kept', 'x-api-key': 'mine' })).text, 'first');
  const seen = server.served.map(({ host, headers }) => [
    host,
    headers.authorization,
    headers['x-more'],
    headers['x-api-key'],
  ]);
  assert.deepEqual(seen, [
    ['registry', undefined, 'kept', 'mine'],
    ['registry', 'Bearer token-1', 'kept', 'mine'],
    ['storage', undefined, 'kept', undefined],
  ]);
});

test('wrong credentials end in an error without any secret', async () => {
  await using setup = await setUp({ username: 'me', password: 'wrong-word' });
  const { server, get } = setup;
  server.user = 'me:right-word';
  await assert.rejects(get('team/app/blobs/one'), (error: unknown) => {
    assert.ok(error instanceof DownloadError);
    assert.equal(error.status, 401);
    assert.equal(error.retryable, false);
    assert.match(error.message, /^401, message='Unauthorized', url='http:\/\/127.0.0.1:\d+\/token'$/);
    return true;
  });
  assert.equal(server.asked.length, 1);
});

test('a refusal in spite of the token is answered, not asked again and again', async () => {
  await using setup = await setUp();
  const { server, get } = setup;
  server.answer = { status: 200, body: '{"access_token":"of-nobody"}' };
  assert.equal((await get('team/app/blobs/one')).status, 401);
  assert.equal(server.asked.length, 1);
  assert.equal(server.served.length, 2);
});

test('answers of a token service are not believed', async () => {
  await using setup = await setUp();
  const { server, get } = setup;
  for (const body of ['', '[]', '{"token":""}', '{"token":"a\\nb: c"}', `{"token":"${'x'.repeat(2 * 1024 * 1024)}"}`]) {
    server.answer = { status: 200, body };
    await assert.rejects(get('team/app/blobs/one'), DownloadError, body.slice(0, 20));
  }
});

test('headers of a request reach the registry, those of the answer the caller', async () => {
  await using setup = await setUp();
  assert.equal((await setup.get('team/app/manifests/latest')).status, 404);
  const manifest = await setup.get('team/app/manifests/latest', { Accept: MANIFEST_TYPE });
  assert.equal(manifest.header('Docker-Content-Digest'), 'sha256:of-the-manifest');
});

test('the challenge of another host is not answered', async () => {
  await using setup = await setUp({ username: 'me', password: 'hidden-word' });
  const { server, downloader } = setup;
  const challenge = `Bearer realm="${server.service.url}/token",service="x"`;
  const other = await serve((_request, response) => response.writeHead(401, { 'WWW-Authenticate': challenge }).end());
  assert.equal((await downloader.fetch(other.url)).status, 401);
  assert.equal(server.asked.length, 0);
  assert.equal(other.requests[0]!.headers.authorization, undefined);
  await other[Symbol.asyncDispose]();
});

test('a Basic challenge is answered with user name and password', async () => {
  const basic = `Basic ${btoa('me:hidden-word')}`;
  const server = await serve((request, response) => {
    if (request.headers.authorization === basic) return response.end('open');
    return response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="api"' }).end();
  });
  const factory = createDownloaderFactory(makeSettings(), [type]);
  const remote = { url: server.url, pulp_id: 'b', pulp_type: 'test.registry', username: 'me' };
  const downloader = factory.create({ ...remote, password: 'hidden-word' });
  assert.equal(await (await downloader.fetch(`${server.url}/v2/a/blobs/b`)).text(), 'open');
  const wrong = factory.create({ ...remote, password: 'wrong' });
  assert.equal((await wrong.fetch(`${server.url}/v2/a/blobs/b`)).status, 401);
  assert.equal(server.requests.length, 4);
  for (const one of [downloader, wrong]) await one.close();
  await server[Symbol.asyncDispose]();
});

test('who gives up does not wait for the token service, and others get their token', async () => {
  await using setup = await setUp();
  const { server, downloader, get } = setup;
  server.delay = 1000;
  const abort = new AbortController();
  let isServed = false;
  const given = downloader.fetch(`${server.url}/v2/team/app/blobs/one`, { signal: abort.signal });
  const patient = get('team/app/blobs/one').finally(() => (isServed = true));
  setTimeout(() => abort.abort(new Error('enough')), 100);
  await assert.rejects(given, /enough/);
  assert.equal(isServed, false);
  assert.equal((await patient).text, 'first');
  assert.equal(server.asked.length, 1);
});
