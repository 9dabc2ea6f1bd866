/** A live protocol of a package type: its places and routes, who asks and what they may, bodies as they come, answers, errors. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { sql } from '../../src/db/sql.ts';
import { give, makeUser } from '../access/world.ts';
import { registryPlugin } from './registry.ts';
import { useLive } from './world.ts';

const world = await useLive(registryPlugin);
const ADMIN = { as: 'admin:password' };
const digestOf = (bytes: string | Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as they come
const json = async (answer: Promise<Response> | Response): Promise<any> => await (await answer).json();

test('one protocol has several prefixes, at the root of the server too', async () => {
  assert.deepEqual(await json(world.ask('GET', '/v2/')), { prefix: '/v2/' });
  assert.deepEqual(await json(world.ask('GET', '/extensions/v2/')), { prefix: '/extensions/v2/' });
  assert.equal((await world.ask('GET', '/v2')).status, 404);
  assert.equal((await world.ask('GET', '/v3/')).status, 404);
});

test('routes take names of several parts, and decode them', async () => {
  const get = (path: string) => world.ask('GET', path);
  assert.deepEqual(await json(get('/v2/a/b%20c/manifests/1.0')), {
    method: 'GET',
    pulp_domain: 'default',
    name: 'a/b c',
    reference: '1.0',
  });
  assert.equal((await json(get('/v2/@s%2Fp/manifests/x'))).name, '@s/p');
  assert.equal((await json(get('/v2/a/manifests/b/manifests/c'))).name, 'a/manifests/b');
  for (const path of ['a/manifests/', 'a/..%2Fb/manifests/x', 'a%00/manifests/x', 'a%ff/manifests/x'])
    assert.equal((await get(`/v2/${path}`)).status, 404, path);
});

test('HEAD is a request of its own where a route wants it, else GET without the body', async () => {
  const own = await world.ask('HEAD', '/v2/a/manifests/x');
  assert.deepEqual([own.headers.get('content-length'), own.headers.get('x-method')], ['924', 'HEAD']);
  const asGet = await world.ask('HEAD', '/v2/');
  assert.deepEqual([asGet.status, asGet.headers.get('content-length')], [200, '17']);
  assert.equal(await asGet.text(), '');
});

test('a method that a path does not have is told with those it has, in the shape of the protocol', async () => {
  const refused = await world.ask('DELETE', '/v2/a/blobs/x');
  assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'PUT, GET, HEAD']);
  assert.equal(refused.headers.get('docker-distribution-api-version'), 'registry/2.0');
  assert.deepEqual(await json(refused), {
    errors: [{ code: 'UNSUPPORTED', message: 'Method "DELETE" not allowed.', detail: {} }],
  });
  assert.equal((await json(world.ask('GET', '/v2/none/blobs/x'))).errors[0].code, 'NAME_UNKNOWN');
});

test('what does not exist is made by a push, by those who may', async () => {
  const blob = '{}';
  const path = `/v2/images/one/blobs/${digestOf(blob)}`;
  const nobody = await world.ask('PUT', path, { body: blob });
  assert.equal(nobody.status, 401);
  const realm = `Bearer realm="http://127.0.0.1:${world.port}/token/",service="test",scope="images"`;
  assert.equal(nobody.headers.get('www-authenticate'), realm);
  assert.equal((await json(nobody)).errors[0].code, 'UNAUTHORIZED');
  const person = await makeUser(world, 'pusher');
  const denied = await world.ask('PUT', path, { body: blob, as: person.as });
  assert.deepEqual([denied.status, (await json(denied)).errors[0].code], [403, 'DENIED']);
  assert.equal((await world.call('GET', 'repositories/file/file/')).body.count, 0);
  const made = await world.ask('PUT', path, { body: blob, ...ADMIN });
  assert.deepEqual([made.status, made.headers.get('docker-content-digest')], [201, digestOf(blob)]);
  // Rights on the repository behind the distribution let others push into it.
  const [repository] = (await world.call('GET', 'repositories/file/file/?name=images/one')).body.results;
  assert.equal((await world.ask('PUT', path, { body: blob, as: person.as })).status, 403);
  await give(world, person, 'file.filerepository_owner', repository.pulp_href);
  assert.equal((await world.ask('PUT', path, { body: blob, as: person.as })).status, 201);
});

test('rights on the distribution, and conditions of the type for nobody, decide who may read', async () => {
  const blob = 'read me';
  const path = `/v2/closed/blobs/${digestOf(blob)}`;
  const made = await world.ask('PUT', path, { body: blob, ...ADMIN });
  const url = `${path}?artifact=${made.headers.get('x-artifact')}`;
  assert.equal(await (await world.ask('GET', url)).text(), blob);
  const [distribution] = (await world.call('GET', 'distributions/file/file/?name=closed')).body.results;
  await world.db.run(sql`update distribution set hidden = true where name = 'closed'`);
  await world.db.run(sql`select pg_notify('distribution_changed', '*')`);
  assert.equal((await world.ask('GET', url)).status, 401);
  const reader = await makeUser(world, 'reader');
  assert.equal((await world.ask('GET', url, { as: reader.as })).status, 403);
  await give(world, reader, 'file.filedistribution_viewer', distribution.pulp_href);
  assert.equal((await world.ask('GET', url, { as: reader.as })).status, 200);
});

test('tokens of the protocol and of the server say who asks', async () => {
  const person = await makeUser(world, 'holder');
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const given = await json(world.ask('GET', `/token/?user=holder&password=${person.as.split(':')[1]}`));
  assert.deepEqual(await json(world.ask('GET', '/token/', bearer(given.token))), { username: 'holder' });
  assert.deepEqual(await json(world.ask('GET', '/token/')), { username: null });
  const wrong = await world.ask('GET', '/token/?user=holder&password=wrong');
  assert.deepEqual([wrong.status, wrong.headers.get('www-authenticate')], [401, 'Basic realm="api"']);
  assert.equal((await world.ask('GET', '/token/?user=no%00body&password=x')).status, 401);
  const blob = { body: 'x' };
  const push = (token: string) => world.ask('PUT', `/v2/held/blobs/${digestOf('x')}`, { ...blob, ...bearer(token) });
  assert.equal((await push('admin-token')).status, 201, 'known by the type');
  assert.equal((await push('holder-token')).status, 403);
  const unknown = await push('no-such.thing');
  assert.deepEqual([unknown.status, (await json(unknown)).errors[0].message], [401, 'invalid token']);
  assert.match(unknown.headers.get('www-authenticate')!, /^Bearer realm=/);
  assert.equal((await world.ask('DELETE', '/token/', bearer(given.token))).status, 204);
  assert.equal((await world.ask('GET', '/token/', bearer(given.token))).status, 401);
});

test('an upload comes in chunks, as a form of no kind that anybody knows', async () => {
  const path = '/v2/a/b/blobs/uploads/7';
  const patch = (body: string, headers: Record<string, string> = {}) =>
    world.ask('PATCH', path, { body, headers: { 'content-type': 'application/octet-stream', ...headers } });
  const first = await patch('abc', { 'content-range': '0-2' });
  assert.deepEqual([first.status, first.headers.get('range'), first.headers.get('location')], [202, '0-2', path]);
  assert.equal((await patch('fgh', { 'content-range': '5-7' })).status, 416);
  assert.equal((await patch('def', { 'content-range': '3-5' })).headers.get('range'), '0-5');
  const stream = new ReadableStream({
    start(controller) {
      for (const piece of ['g', 'hi']) controller.enqueue(Buffer.from(piece));
      controller.close();
    },
  });
  const chunked = await world.ask('PATCH', `${path}/`, { body: stream, duplex: 'half' } as RequestInit);
  assert.equal(chunked.headers.get('range'), '0-8', 'without a length');
});

test('bodies with a coding are undone within the bound', async () => {
  const send = (body: Uint8Array, coding: string) =>
    world.ask('POST', '/v2/_decoded', { body: Buffer.from(body), headers: { 'content-encoding': coding } });
  assert.equal(await (await send(gzipSync('plain'), 'gzip')).text(), 'plain');
  assert.equal(await (await send(zstdCompressSync('plain'), 'zstd')).text(), 'plain');
  assert.equal((await send(gzipSync(Buffer.alloc(5_000_000)), 'gzip')).status, 413, 'small outside, large inside');
  assert.equal((await send(Buffer.from('nonsense'), 'gzip')).status, 400);
  assert.equal((await send(Buffer.from('x'), 'compress')).status, 415);
});

test('stored bytes are sent with ranges, conditions and headers of the protocol', async () => {
  const blob = 'stored bytes';
  const path = `/v2/stored/blobs/${digestOf(blob)}`;
  const made = await world.ask('PUT', path, { body: blob, ...ADMIN });
  const url = `${path}?artifact=${made.headers.get('x-artifact')}`;
  const whole = await world.ask('GET', url);
  assert.deepEqual(
    ['content-type', 'content-length', 'docker-content-digest', 'accept-ranges'].map((name) => whole.headers.get(name)),
    ['application/octet-stream', '12', digestOf(blob), 'bytes'],
  );
  const part = await world.ask('GET', url, { headers: { range: 'bytes=1-1' } });
  assert.deepEqual([part.status, part.headers.get('content-range'), await part.text()], [206, 'bytes 1-1/12', 't']);
  assert.equal((await world.ask('GET', url, { headers: { range: 'bytes=99-' } })).status, 416);
  const etag = whole.headers.get('etag')!;
  assert.equal((await world.ask('GET', url, { headers: { 'if-none-match': etag } })).status, 304);
  const head = await world.ask('HEAD', url);
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '12']);
  const none = await world.ask('GET', `${path}?artifact=01900000-0000-7000-8000-000000000000`);
  assert.equal(none.status, 404);
  assert.equal((await world.ask('GET', `${path}?unit=999999`)).status, 404);
});

test('an answer in pieces is sent as it comes, and cut off where it breaks', async () => {
  assert.equal(await (await world.ask('GET', '/v2/_count/3')).text(), '1\n2\n3\n');
  assert.equal(await (await world.ask('HEAD', '/v2/_count/3')).text(), '');
  await assert.rejects(async () => await (await world.ask('GET', '/v2/_count/13')).text());
});
