/** Requests that mean harm, or are broken: bodies that lie about their length, stop, or are too long, heads that are too large, odd paths. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { LiveRoutes } from '../../src/api/live/match-route.ts';
import { prefixesOf } from '../../src/api/live/prefixes.ts';
import { makeSettings } from '../../src/config/settings.ts';
import type { LiveApi } from '../../src/plugin-api/contracts/live.ts';
import { registryPlugin } from './registry.ts';
import { useLive } from './world.ts';

const world = await useLive(registryPlugin, { requestTimeout: 1 });
const ADMIN = `Authorization: Basic ${btoa('admin:password')}\r\n`;
const digestOf = (bytes: string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const head = (line: string, headers = '') => `${line} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
const UPLOAD = 'PATCH /v2/a/blobs/uploads/1';

/** Bytes on their way in that nobody wants. */
function leftovers(): string[] {
  const { data } = world.services.settings;
  const files = readdirSync(join(data, 'media'), { recursive: true }) as string[];
  return files.filter((file) => /^tmp\/files\/./.test(file));
}

test('a body beyond its bound is refused: by its length before it is read, or when it is reached', async () => {
  const told = await world.raw(head(UPLOAD, 'Content-Length: 1001\r\nConnection: close\r\n'), 1500);
  assert.equal(statusOf(told), 413);
  const chunk = `3e9\r\n${'x'.repeat(1001)}\r\n0\r\n\r\n`;
  const reached = await world.raw(head(UPLOAD, 'Transfer-Encoding: chunked\r\nConnection: close\r\n') + chunk);
  assert.equal(statusOf(reached), 413);
  assert.match(reached, /"errors":\[\{"code":"SIZE_INVALID"/);
});

test('a body that stops coming is given up, with an answer', async () => {
  const started = performance.now();
  const answer = await world.raw(`${head(UPLOAD, 'Content-Length: 10\r\n')}abc`, 4000);
  assert.equal(statusOf(answer), 408);
  assert.match(answer, /^Connection: close\r$/m);
  assert.ok(performance.now() - started >= 950);
});

test('a body that is shorter than it said changes nothing and leaves nothing', async () => {
  const path = `PUT /v2/short/blobs/${digestOf('abc')}`;
  await world.raw(`${head(path, `${ADMIN}Content-Length: 10\r\n`)}abc`, 300);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal((await world.call('GET', 'repositories/file/file/?name=short')).body.count, 0);
  assert.deepEqual(leftovers(), []);
});

test('wrong bytes are refused, and nothing of them is kept', async () => {
  const path = `PUT /v2/wrong/blobs/${digestOf('other')}`;
  const answer = await world.raw(`${head(path, `${ADMIN}Content-Length: 3\r\nConnection: close\r\n`)}abc`);
  assert.equal(statusOf(answer), 400);
  assert.match(answer, /The sha256 checksum did not match/);
  assert.deepEqual(leftovers(), []);
  assert.equal((await world.call('GET', 'repositories/file/file/?name=wrong')).body.count, 0);
});

test('a client that asks before it sends is told to go on only where its body is wanted', async () => {
  const path = `PUT /v2/asked/blobs/${digestOf('abc')}`;
  const expect = 'Expect: 100-continue\r\nContent-Length: 3\r\n';
  const refused = await world.raw(head(path, expect), 1500);
  assert.equal(statusOf(refused), 401);
  assert.match(refused, /^Connection: close\r$/m, 'what it might send would be taken for a request');
  const wanted = await world.raw(head(path, `${ADMIN}${expect}Connection: close\r\n`), 700);
  assert.match(wanted, /^HTTP\/1\.1 100 Continue\r\n/);
  const whole = await world.raw(`${head(path, `${ADMIN}${expect}Connection: close\r\n`)}abc`);
  assert.match(whole, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
});

test('heads that are too large and lengths that contradict each other never reach a protocol', async () => {
  const large = await world.raw(head('GET /v2/', `X-Large: ${'x'.repeat(100_000)}\r\n`), 1500);
  assert.equal(statusOf(large), 431);
  for (const headers of [
    'Content-Length: 1\r\nContent-Length: 2\r\n',
    'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n',
    'Content-Length: -1\r\n',
  ])
    assert.equal(statusOf(await world.raw(head(UPLOAD, headers), 1500)), 400, headers);
});

test('paths that climb, and what cannot be decoded, lead nowhere', async () => {
  for (const path of [
    '/v2/a/../../token/',
    '/v2/%2e%2e/manifests/x',
    '/v2/a/%2e%2e/b/manifests/x',
    '/v2/a/./b/manifests/x',
  ])
    assert.equal(statusOf(await world.raw(head(`GET ${path}`, 'Connection: close\r\n'))), 404, path);
});

test('no long path takes long to be matched', () => {
  const routes = new LiveRoutes(
    registryPlugin.live!.flatMap((api) => api.routes ?? []),
    { domainEnabled: false },
  );
  const started = performance.now();
  assert.equal(routes.find('GET', 'blobs/uploads/'.repeat(5000)), undefined);
  assert.ok(performance.now() - started < 500);
  const route = { method: 'GET', path: '{a+}/x/{b+}', handle: async () => ({ status: 200 }) };
  assert.throws(() => new LiveRoutes([route], { domainEnabled: false }), /Only one part/);
});

test('two protocols cannot want the same URLs, nor those of the server', () => {
  const settings = makeSettings();
  const api = (...prefixes: string[]): LiveApi => ({ prefixes: () => prefixes });
  const refused = (message: RegExp, ...apis: LiveApi[]) => assert.throws(() => prefixesOf(apis, settings), message);
  refused(/Two protocols want/, api('/v2/'), api('/v2/'));
  refused(/Two protocols want/, api('/v2/'), api('/v2/extensions/'));
  refused(/the server itself/, api('/pulp/content/x/'));
  refused(/the server itself/, api('/pulp/'));
  refused(/cannot be the prefix/, api('/'));
  refused(/cannot be the prefix/, api('v2/'));
  refused(/cannot be the prefix/, api('/v2'));
  const owners = prefixesOf([api('/galaxy/', '/galaxy/default/'), api('/pulp/maven/')], settings);
  assert.deepEqual(
    owners.map(({ prefix }) => prefix),
    ['/galaxy/default/', '/pulp/maven/', '/galaxy/'],
  );
});
