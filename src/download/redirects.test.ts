/** Tests of redirects and of credentials on the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from '../../test/support/upstream-servers.ts';
import { DownloadError } from './download-error.ts';
import { Downloader } from './http-downloader.ts';

const BASIC = `Basic ${Buffer.from('joe:se:cret').toString('base64')}`;

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(body)).toString();
}

function refused(pattern: RegExp) {
  return (error: unknown) =>
    error instanceof DownloadError && error.failure === 'refused' && pattern.test(error.message);
}

test('basic auth is sent from the first request, also without password, and not to other servers', async () => {
  await using other = await serve((_request, response) => void response.end('other'));
  await using home = await serve((request, response) => {
    if (request.url === '/away') response.writeHead(302, { location: `${other.url}/file` });
    if (request.url === '/near') response.writeHead(302, { location: '/file' });
    response.end('home');
  });
  const headers: Record<string, string>[] = [{ 'X-Own': '1' }, { 'User-Agent': 'custom/1' }, { Cookie: 'a=b' }];
  const downloader = new Downloader({ url: home.url, username: 'joe', password: 'se:cret', headers }, { noProxy: '*' });
  assert.equal(await downloader.download(`${home.url}/near`, text), 'home');
  assert.equal(await downloader.download(`${home.url}/away`, text), 'other');
  assert.equal(await downloader.download(`${other.url}/direct`, text), 'other');
  assert.deepEqual(
    home.requests.map(({ headers }) => headers.authorization),
    [BASIC, BASIC, BASIC],
  );
  assert.equal(home.requests[0]?.headers['user-agent'], 'custom/1');
  for (const { headers } of other.requests) {
    assert.deepEqual([headers.authorization, headers.cookie, headers['x-own']], [undefined, undefined, '1']);
  }
  await downloader.close();
  const nameOnly = new Downloader({ url: home.url, username: 'joe' }, { noProxy: '*' });
  await nameOnly.download(home.url, text);
  assert.equal(home.requests.at(-1)?.headers.authorization, `Basic ${Buffer.from('joe:').toString('base64')}`);
  await nameOnly.close();
});

test('headers of one request and credentials in its URL go to its server only', async () => {
  await using other = await serve((_request, response) => void response.end('other'));
  await using home = await serve((_request, response) => {
    response.writeHead(307, { location: `${other.url}/file` });
    response.end();
  });
  const downloader = new Downloader({ url: home.url }, { noProxy: '*' });
  await downloader.download(home.url, text, { headers: { Authorization: 'Bearer t' } });
  await downloader.download(home.url.replace('//', '//joe:se%3Acret@'), text);
  assert.deepEqual(
    home.requests.map(({ headers }) => headers.authorization),
    ['Bearer t', BASIC],
  );
  assert.ok(other.requests.every(({ headers }) => headers.authorization === undefined));
  await downloader.close();
});

test('loops, long ways and other protocols are refused at once', async () => {
  await using server = await serve((request, response) => {
    const path = request.url ?? '';
    const next: Record<string, string> = {
      '/self': '/self',
      '/a': '/b',
      '/b': '/a',
      '/file': 'file:///etc/passwd',
      '/bad': 'http://[',
    };
    response.writeHead(302, { location: next[path] ?? `/${Number(path.slice(1)) + 1}` });
    response.end();
  });
  const downloader = new Downloader({ url: server.url }, { noProxy: '*', allowedPaths: ['/'] });
  const expected: [string, RegExp, number][] = [
    ['/self', /form a loop/, 1],
    ['/a', /form a loop/, 2],
    ['/file', /only http and https/, 1],
    ['/bad', /not a URL/, 1],
    ['/1', /more than 20 redirects/, 21],
  ];
  for (const [path, pattern, requests] of expected) {
    server.requests.length = 0;
    await assert.rejects(downloader.download(server.url + path, text), refused(pattern));
    assert.equal(server.requests.length, requests, path);
  }
  await downloader.close();
});

test('redirects can be left to the caller; forms become GET', async () => {
  await using server = await serve((request, response) => {
    if (request.url === '/form') response.writeHead(303, { location: '/page' });
    response.end(`${request.method} ${request.url}`);
  });
  const downloader = new Downloader({ url: server.url }, { noProxy: '*' });
  const kept = await downloader.fetch(`${server.url}/form`, { followRedirects: false });
  assert.deepEqual([kept.status, kept.header('Location')], [303, '/page']);
  kept.cancel();
  const followed = await downloader.fetch(`${server.url}/form`, { method: 'POST', body: 'x' });
  assert.equal(followed.url, `${server.url}/page`);
  assert.equal(await followed.text(), 'GET /page');
  await downloader.close();
});
