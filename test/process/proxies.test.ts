/** Tests of proxies to upstream through real processes: the server's defaults, a remote's own, NO_PROXY, and no secret that shows. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request as ask } from 'node:http';
import { after, afterEach, test } from 'node:test';
import { useUpstream } from '../content/upstream.ts';
import { type Member, useCluster } from '../failure/cluster.ts';
import { serve } from '../support/upstream-servers.ts';

const token = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
/** Forwards requests that bring the token; remembers the addresses and the tokens. */
async function serveProxy(authorization: string) {
  const [asked, tokens] = [[] as string[], [] as unknown[]];
  const server = await serve((request, response) => {
    asked.push(request.url!);
    tokens.push(request.headers['proxy-authorization']);
    if (request.headers['proxy-authorization'] !== authorization) return void response.writeHead(407).end();
    const forwarded = ask(request.url!, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    forwarded.end();
  });
  return Object.assign(server, { asked, tokens });
}

const [common, own] = [
  await serveProxy(token('server', 'common-secret')),
  await serveProxy(token('remote', 'own-secret')),
];
after(() => Promise.all([common, own].map((proxy) => proxy[Symbol.asyncDispose]())));
const defaults = { proxy_url: common.url, proxy_username: 'server', proxy_password: 'common-secret' };
const c = await useCluster({ 'remote-defaults': `@json ${JSON.stringify(defaults)}` });
const upstream = await useUpstream();
afterEach(() => {
  c.killAll();
  for (const proxy of [common, own]) proxy.asked.length = 0;
  delete process.env.NO_PROXY;
});

/** Syncs what a remote with these fields has and serves it; answers a file as clients get it. */
async function through(more: object): Promise<{ api: Member; worker: Member; text: string; error: unknown }> {
  const [api, worker] = [await c.start('web'), await c.start('worker')];
  const name = c.name('proxied');
  const url = upstream.publish(name, { 'a.txt': `text of ${name}` });
  const remote = await api.call('POST', 'remotes/file/file/', {
    name,
    url,
    policy: 'on_demand',
    max_retries: 1,
    ...more,
  });
  assert.equal(remote.status, 201, JSON.stringify(remote.body));
  const { body } = await api.call('POST', 'repositories/file/file/', { name, autopublish: true });
  const sync = await api.done('POST', `${body.pulp_href}sync/`, { remote: remote.body.pulp_href });
  if (sync.state !== 'completed') return { api, worker, text: '', error: sync.error };
  await api.done('POST', 'distributions/file/file/', { name, base_path: name, repository: body.pulp_href });
  const text = await (await fetch(`${api.url}/pulp/content/${name}/a.txt`)).text();
  assert.equal(text, `text of ${name}`);
  return { api, worker, text, error: null };
}

test('the proxy of the settings is used for syncs and by content processes', async () => {
  const { api, worker, error } = await through({});
  assert.equal(error, null);
  assert.ok(common.asked.length >= 2, common.asked.join());
  assert.equal(own.asked.length, 0);
  assert.doesNotMatch(api.output + worker.output, /common-secret/);
});

test('a remote has a proxy of its own, without the credentials of the other', async () => {
  const mine = { proxy_url: own.url, proxy_username: 'remote', proxy_password: 'own-secret' };
  const { api, worker, error } = await through(mine);
  assert.equal(error, null);
  assert.ok(own.asked.length >= 2);
  assert.equal(common.asked.length, 0);
  assert.ok(!own.tokens.includes(token('server', 'common-secret')));
  assert.doesNotMatch(api.output + worker.output, /own-secret/);
  const listed = JSON.stringify((await api.get('remotes/file/file/')).body);
  assert.doesNotMatch(listed, /own-secret|proxy_password":/);
});

test('a proxy that refuses is named in the error of the task, its secret is not', async () => {
  const { error } = await through({ proxy_url: own.url, proxy_username: 'remote', proxy_password: 'wrong-secret' });
  assert.match(JSON.stringify(error), /407|proxy/i);
  assert.doesNotMatch(JSON.stringify(error), /wrong-secret/);
});

test('NO_PROXY of the environment leads past it', async () => {
  process.env.NO_PROXY = 'example.com, 127.0.0.1';
  assert.equal((await through({})).error, null);
  assert.deepEqual(common.asked, []);
});

test('the settings do not show the secret', async () => {
  const { runCommand } = await import('../support/command.ts');
  const words = ['settings', '--data', c.data, '--changed', `--remote-defaults=@json ${JSON.stringify(defaults)}`];
  const { stdout, code } = await runCommand(words);
  assert.equal(code, 0);
  assert.match(stdout, /remote_defaults/);
  assert.doesNotMatch(stdout, /common-secret/);
  assert.ok(readFileSync(`${c.data}/db-encryption-key`, 'utf8').length > 0);
});
