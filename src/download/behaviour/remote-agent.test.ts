/** Tests of remotes that package types give a behaviour: tokens in the query, addresses of their own, sessions, refreshed tokens. */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { serve } from '../../../test/support/upstream-servers.ts';
import { makeSettings } from '../../config/settings.ts';
import { Secrets } from '../../lib/crypto/secrets.ts';
import { DownloadError } from '../download-error.ts';
import { createDownloaderFactory, type TypeOfRemotes } from '../downloader.ts';
import type { RemoteAccess, RemoteBehaviour } from './remote-behaviour.ts';

const secrets = new Secrets([Buffer.alloc(32, 1)]);

/** Like repositories of SLES: a token is the whole query of each URL. */
const queryToken: TypeOfRemotes = {
  pulpType: 'test.query',
  secrets: ['auth_token'],
  prepare({ url }, { remote }) {
    url.search = String(remote.details?.auth_token);
    return { url };
  },
};

/** Like ULN: channels with a scheme of their own, and a session key for user name and password. */
const channels: TypeOfRemotes = {
  pulpType: 'test.channel',
  async prepare({ url }, access) {
    const base = String(access.remote.details?.base);
    const key = await access.tokens.renew('session', undefined, () => logIn(base, access));
    const headers = { 'X-API-User-Key': key, authorization: null };
    return { url: new URL(`${base}/GET-REQ/${url.host}${url.pathname}`), headers };
  },
};

async function logIn(base: string, { ask, remote }: RemoteAccess) {
  const { text } = await ask(`${base}/rpc/api`, { method: 'POST', body: `${remote.username}:${remote.password}` });
  if (text.length !== 43) throw new DownloadError(base, 'refused', 'No valid credentials given.');
  return { value: text };
}

/** Like Galaxy: a token that is refreshed at another server, and once more when it is refused. */
const refreshed: TypeOfRemotes = {
  pulpType: 'test.refreshed',
  async prepare(_request, access) {
    return { headers: { authorization: await access.tokens.renew('access', undefined, () => refresh(access)) } };
  },
  async challenge({ status, authorization }, access) {
    if (status !== 401) return false;
    await access.tokens.renew('access', authorization, () => refresh(access));
    return true;
  },
};

async function refresh({ ask, remote }: RemoteAccess) {
  const body = `grant_type=refresh_token&refresh_token=${remote.details?.token}`;
  const answer = await ask(String(remote.details?.auth_url), { method: 'POST', body });
  return { value: `Bearer ${answer.text}` };
}

function open(type: TypeOfRemotes, remote: { url: string; details: object; username?: string; password?: string }) {
  const details = { ...remote.details };
  return createDownloaderFactory(makeSettings(), [type], secrets).create({
    max_retries: 1,
    pulp_id: remote.url,
    pulp_type: type.pulpType,
    ...remote,
    details,
  });
}

const echo: RequestListener = (request, response) => response.end(request.url);

test('a token in the query goes with every request to the remote, and is told nowhere', async () => {
  const other = await serve(echo);
  const server = await serve((request, response) => {
    if (request.url!.startsWith('/away')) return response.writeHead(302, { location: `${other.url}/file` }).end();
    if (request.url!.startsWith('/moved')) return response.writeHead(301, { location: '/here' }).end();
    if (request.url!.startsWith('/repeated'))
      return response.writeHead(301, { location: request.url!.replace('repeated', 'there') }).end();
    if (request.url!.startsWith('/broken')) return response.socket!.destroy();
    return request.url!.startsWith('/gone') ? response.writeHead(404).end() : response.end(request.url);
  });
  const details = { auth_token: secrets.encrypt('hidden-word&more') };
  const downloader = open(queryToken, { url: `${server.url}/suse/`, details });
  const get = async (url: string) => {
    const response = await downloader.fetch(url, { retries: 0 });
    return [await response.text(), response.url];
  };
  assert.deepEqual(await get(`${server.url}/a%2Fb`), ['/a%2Fb?hidden-word&more', `${server.url}/a%2Fb`]);
  assert.deepEqual(await get(`${server.url}/moved`), ['/here?hidden-word&more', `${server.url}/here`]);
  assert.deepEqual(await get(`${server.url}/repeated`), ['/there?hidden-word&more', `${server.url}/there`]);
  assert.deepEqual(await get(`${server.url}/away`), ['/file', `${other.url}/file`]);
  assert.deepEqual(await get(`${other.url}/direct`), ['/direct', `${other.url}/direct`]);
  for (const path of ['gone', 'broken']) {
    const failed = downloader.download(`${server.url}/${path}`, async () => undefined, { retries: 0 });
    await assert.rejects(failed, (error: DownloadError) => {
      assert.ok(error.message.endsWith(`url='${server.url}/${path}'`), error.message);
      return !JSON.stringify({ ...error, stack: error.stack }).includes('hidden-word');
    });
  }
  await downloader.close();
  for (const one of [server, other]) await one[Symbol.asyncDispose]();
});

test('a scheme of the type’s own leads to its server, with a session that all share', async () => {
  const logins: string[] = [];
  const server = await serve((request, response) => {
    if (request.url !== '/rpc/api') return response.end(`${request.url} ${request.headers['x-api-user-key']}`);
    assert.equal(request.headers.authorization, undefined);
    request.on('data', (piece) => logins.push(String(piece)));
    return request.on('end', () => response.end(logins.at(-1) === 'me:right' ? 'k'.repeat(43) : 'no'));
  });
  const remote = { url: 'uln://ol9_x86_64', details: { base: server.url }, username: 'me', password: 'right' };
  const downloader = open(channels, remote);
  const urls = ['repodata/repomd.xml', 'Packages/a.rpm'].map((path) => `uln://ol9_x86_64/${path}`);
  const texts = await Promise.all(urls.map(async (url) => await (await downloader.fetch(url)).text()));
  assert.deepEqual(texts, [
    `/GET-REQ/ol9_x86_64/repodata/repomd.xml ${'k'.repeat(43)}`,
    `/GET-REQ/ol9_x86_64/Packages/a.rpm ${'k'.repeat(43)}`,
  ]);
  assert.deepEqual(logins, ['me:right']);
  await assert.rejects(downloader.fetch('uln://other_channel/a'), /Only http and https URLs can be downloaded/);
  await downloader.close();
  const wrong = open(channels, { ...remote, password: 'wrong' });
  await assert.rejects(wrong.fetch(urls[0]!), /^DownloadError: No valid credentials given\.$/);
  await wrong.close();
  await server[Symbol.asyncDispose]();
});

test('a refused token is refreshed once', async () => {
  let given = 0;
  const service = await serve((_request, response) => response.end(`access-${++given}`));
  const server = await serve((request, response) => {
    const good = request.headers.authorization === 'Bearer access-2';
    response.writeHead(good ? 200 : 401).end('collections');
  });
  const details = { auth_url: `${service.url}/token`, token: 'offline' };
  const downloader = open(refreshed, { url: `${server.url}/`, details });
  const answers = await Promise.all([1, 2, 3].map(() => downloader.fetch(`${server.url}/api/`)));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  for (const answer of answers) answer.cancel();
  assert.equal(given, 2);
  await downloader.close();
  for (const one of [server, service]) await one[Symbol.asyncDispose]();
});

test('the server that credentials are for may be another than the URL of the remote', async () => {
  const hub = await serve((request, response) => response.end(request.headers.authorization ?? 'none'));
  const behaviour: RemoteBehaviour = {
    home: ({ remote }) => String(remote.details?.hub),
    prepare: () => ({ headers: { authorization: 'Bearer of-the-hub' } }),
  };
  const downloader = open(
    { pulpType: 'test.hub', ...behaviour },
    { url: 'http://127.0.0.1:9/', details: { hub: hub.url } },
  );
  assert.equal(await (await downloader.fetch(`${hub.url}/a`)).text(), 'Bearer of-the-hub');
  await downloader.close();
  await hub[Symbol.asyncDispose]();
});

test('a type that fails gives back the place of its request', async () => {
  const server = await serve(echo);
  const failing: TypeOfRemotes = {
    pulpType: 'test.failing',
    prepare: () => Promise.reject(new DownloadError(server.url, 'refused', 'The token is not there')),
  };
  const downloader = open(failing, { url: server.url, details: {} });
  for (let time = 0; time < 30; time++) await assert.rejects(downloader.fetch(server.url), /The token is not there/);
  assert.equal(server.requests.length, 0);
  await downloader.close();
  await server[Symbol.asyncDispose]();
});
