/** Fetches packages through nginx with the configurations of examples/, as they are but for ports and paths. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { useCluster } from '../failure/cluster.ts';
import { mainFile } from '../support/command.ts';
import { useRunningServer } from '../support/running-server.ts';
import { makeDataDirectory } from '../support/server.ts';
import { installableWheel } from './guide-shell.ts';
import { startNginx, type TestProxy, withoutNginx } from './nginx.ts';

const examples = join(mainFile, '../../examples');
// As the units say it; what the processes started from here write is readable for the group.
const umask = readFileSync(join(examples, 'systemd/deckle.service'), 'utf8').match(/^UMask=(\d+)$/m)![1]!;
process.umask(Number.parseInt(umask, 8));

const WHEEL = 'hello-1.1-py3-none-any.whl';
const { body: wheel, metadata } = installableWheel('hello', '1.1');

const hasPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;
const TRUSTED = readFileSync(join(examples, 'deckle.toml'), 'utf8').match(/^trusted_proxies = (.*)$/m)![1]!;

test('the settings of the example need no proxy that is not there', () => {
  const active = readFileSync(join(examples, 'deckle.toml'), 'utf8').match(/^\w+(?= = )/gm);
  assert.deepEqual(active, ['bind', 'workers', 'trusted_proxies']);
});

test('units start without the file of environment variables', () => {
  for (const role of ['deckle', 'deckle-api', 'deckle-content', 'deckle-worker@', 'deckle-backup']) {
    const unit = readFileSync(join(examples, `systemd/${role}.service`), 'utf8');
    assert.match(unit, /^EnvironmentFile=-\/etc\/deckle\/environment$/m, role);
  }
});

/** Answers have a reference, ended tasks have a state. */
interface Made {
  readonly pulp_href: string;
  readonly state?: string;
}

/** A wheel in a repository that is served as an index at `packages`; `call` waits for the tasks. */
async function publishWheel(post: (path: string, body: object) => Promise<Made>): Promise<void> {
  const { pulp_href: repository } = await post('repositories/python/python/', { name: 'packages' });
  const form = new FormData();
  form.set('file', new Blob([wheel as Uint8Array<ArrayBuffer>]), WHEEL);
  form.set('relative_path', WHEEL);
  form.set('repository', repository);
  assert.equal((await post('content/python/packages/', form)).state, 'completed');
  const distribution = { name: 'packages', base_path: 'packages', repository };
  assert.equal((await post('distributions/python/pypi/', distribution)).state, 'completed');
}

/** As installers do it: the page, the link of the file, the link of its metadata. */
async function fetchAsInstaller(proxy: TestProxy): Promise<void> {
  const page = await proxy.get('/pypi/packages/simple/hello/');
  assert.equal(page.status, 200, page.text);
  const link = new URL(page.text.match(/href="([^"#]+)/)![1]!, proxy.url);
  assert.equal(link.origin, proxy.url, 'the link leads to the proxy');
  const file = await proxy.get(link.pathname);
  assert.equal(file.status, 200);
  assert.ok(Buffer.from(file.text, 'latin1').equals(wheel));
  assert.deepEqual(await proxy.get(`${link.pathname}.metadata`), { status: 200, text: metadata.toString() });
}

test('nginx sends the artifacts of a whole server, from files that only their group may read', {
  skip: withoutNginx,
}, async () => {
  const running = await useRunningServer({
    trusted_proxies: JSON.parse(TRUSTED),
    x_accel_redirect_prefix: '/deckle-media/',
  });
  const { data, port } = running.server;
  chmodSync(data, 0o750);
  const proxy = await startNginx('nginx/deckle.conf', {
    'server 127.0.0.1:8080': `server 127.0.0.1:${port}`,
    '/srv/deckle/media/': `${data}/media/`,
  });
  await publishWheel(async (path, body) => {
    const { status, body: made } = await running.call('POST', path, body);
    return status === 202 ? await running.ended(made.task) : made;
  });
  await fetchAsInstaller(proxy);
  const direct = await running.server.fetch(`/pulp/content/packages/${WHEEL}`);
  assert.match(direct.headers.get('x-accel-redirect') ?? '', /^\/deckle-media\/artifact\//);
  assert.equal((await proxy.get('/deckle-media/artifact/')).status, 404);
});

for (const [example, name] of [
  ['nginx/deckle-roles.conf', '127.0.0.1'],
  ['container/proxy.conf', ''],
] as const) {
  test(`${example}: packages of processes of their own are fetched through one address`, {
    skip: withoutNginx,
  }, async () => {
    const cluster = await useCluster({ 'trusted-proxies': `@json ${TRUSTED}` });
    const [api, content] = [await cluster.start('api'), await cluster.start('content')];
    await cluster.start('worker');
    const upstreams = [
      [`server ${name || 'api'}:24817`, `server ${new URL(api.url).host}`],
      [`server ${name || 'content'}:24816`, `server ${new URL(content.url).host}`],
    ];
    const proxy = await startNginx(example, Object.fromEntries(upstreams));
    await publishWheel(async (path, body) => {
      const { status, body: made } = await api.call('POST', path, body);
      return status === 202 ? await api.task(made.task) : made;
    });
    await fetchAsInstaller(proxy);
    if (!hasPip) return;
    const into = makeDataDirectory();
    const index = ['--index-url', `${proxy.url}/pypi/packages/simple/`, '--trusted-host', '127.0.0.1'];
    const words = [
      '-m',
      'pip',
      'download',
      '--isolated',
      '--no-cache-dir',
      '--no-deps',
      '--dest',
      into,
      ...index,
      'hello',
    ];
    const child = spawn('python3', words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (piece) => (said += piece));
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, 0, said);
    assert.deepEqual(readdirSync(into), [WHEEL]);
  });
}
