/** Python indexes on a running server: sync, live pages, uploads, rules of repositories, yanks, pull-through, publications. */
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { zip } from '../support/python-archives.ts';
import { startServer } from '../support/server.ts';
import { makeSdist, makeWheel, UpstreamIndex } from './upstream.ts';

const API = '/pulp/api/v3/';
const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';
const wheel = makeWheel('alpha', '1.0');
const server = await startServer();
const upstream = await UpstreamIndex.start();
after(() => upstream.close());
upstream.add({
  project: 'alpha',
  version: '1.0',
  filename: 'alpha-1.0-py3-none-any.whl',
  body: wheel.file,
  metadata: wheel.metadata,
});
upstream.add({ project: 'alpha', version: '1.0', filename: 'alpha-1.0.tar.gz', body: makeSdist('alpha', '1.0') });
upstream.add({
  project: 'alpha',
  version: '2.0rc1',
  filename: 'alpha-2.0rc1.tar.gz',
  body: makeSdist('alpha', '2.0rc1'),
});
upstream.add({
  project: 'beta',
  version: '0.1',
  filename: 'beta-0.1.tar.gz',
  body: makeSdist('beta', '0.1'),
  yanked: 'broken',
});

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as they come
type Wire = any;

async function call(
  method: string,
  path: string,
  body?: object | FormData,
): Promise<{ status: number; body: Wire; response: Response }> {
  const isForm = body instanceof FormData;
  const headers = body && !isForm ? { 'content-type': 'application/json' } : undefined;
  const sent = isForm ? body : body && JSON.stringify(body);
  const response = await server.fetch(path, {
    method,
    ...(headers && { headers }),
    ...(sent && { body: sent }),
    redirect: 'manual',
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { status: response.status, body: isJson ? JSON.parse(text) : text, response };
}

async function finished(answer: { status: number; body: Wire }): Promise<Wire> {
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  for (;;) {
    const { body: task } = await call('GET', answer.body.task);
    if (!['waiting', 'running', 'canceling'].includes(task.state)) return task;
    await sleep(50);
  }
}

let made = 0;

/** A repository with an index over it. */
async function makeIndex(more: { remote?: object; repository?: object; distribution?: object } = {}) {
  const name = `index-${++made}`;
  const remote =
    more.remote &&
    (await call('POST', `${API}remotes/python/python/`, { name, url: upstream.url, ...more.remote })).body;
  const repository = (await call('POST', `${API}repositories/python/python/`, { name, ...more.repository })).body;
  await finished(
    await call('POST', `${API}distributions/python/pypi/`, {
      name,
      base_path: `team/${name}`,
      repository: repository.pulp_href,
      ...more.distribution,
    }),
  );
  return {
    name,
    remote,
    href: String(repository.pulp_href),
    live: `/pypi/team/${name}/`,
    content: `/pulp/content/team/${name}/`,
  };
}

async function simple(index: { live: string }, project: string): Promise<Wire> {
  const response = await server.fetch(`${index.live}simple/${project}/`, { headers: { accept: JSON_TYPE } });
  return response.status === 200 ? await response.json() : undefined;
}

function upload(filename: string, bytes: Buffer, more: Record<string, string> = {}): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ':action': 'file_upload', sha256_digest: sha256Of(bytes), ...more }))
    form.set(name, value);
  form.set('content', new Blob([new Uint8Array(bytes)]), filename);
  return form;
}

const sync = async (index: { href: string; remote?: Wire }, options: object = {}) =>
  await finished(await call('POST', `${index.href}sync/`, { remote: index.remote.pulp_href, ...options }));

test('a sync on demand brings files, metadata and yanks', async () => {
  const index = await makeIndex({ remote: { policy: 'on_demand' } });
  assert.equal((await sync(index)).state, 'completed');
  const page = await simple(index, 'Alpha');
  assert.deepEqual(page.files.map((file: Wire) => file.filename).sort(), [
    'alpha-1.0-py3-none-any.whl',
    'alpha-1.0.tar.gz',
  ]);
  const [found] = page.files.filter((file: Wire) => file['core-metadata']);
  assert.equal(found['core-metadata'].sha256, sha256Of(wheel.metadata));
  const metadata = await server.fetch(`${index.content}${found.filename}.metadata`);
  assert.equal(await metadata.text(), wheel.metadata.toString());
  assert.equal((await simple(index, 'beta')).files[0].yanked, 'broken');
  const { body: units } = await call(
    'GET',
    `${API}content/python/packages/?version_specifier=%3E%3D1&fields=name,version,artifact`,
  );
  assert.ok(units.results.every((unit: Wire) => unit.name === 'alpha'));
  assert.equal((await call('GET', `${index.live}pypi/alpha/json`)).status, 301);
  assert.equal((await call('GET', `${index.live}pypi/alpha/json/`)).body.info.summary, 'told by upstream');
});

test('filters of remotes', async () => {
  const index = await makeIndex({
    remote: { includes: ['alpha'], prereleases: true, package_types: ['sdist'], keep_latest_packages: 1 },
  });
  await sync(index);
  assert.deepEqual(
    (await simple(index, 'alpha')).files.map((file: Wire) => file.filename),
    ['alpha-2.0rc1.tar.gz'],
  );
  assert.equal(await simple(index, 'beta'), undefined);
  const bad = await call('POST', `${API}remotes/python/python/`, { name: 'bad', url: upstream.url, includes: ['a=1'] });
  assert.match(bad.body.includes[0], /^includes specifier a=1 is invalid\./);
});

test('uploads as twine sends them', async () => {
  const index = await makeIndex();
  const sdist = makeSdist('gamma', '1.0');
  const task = await finished(await call('POST', `${index.live}legacy/`, upload('gamma-1.0.tar.gz', sdist)));
  assert.equal(task.state, 'completed');
  assert.equal((await simple(index, 'gamma')).files[0].hashes.sha256, sha256Of(sdist));
  const again = await call('POST', `${index.live}legacy/`, upload('gamma-1.0.tar.gz', sdist));
  assert.deepEqual(
    [again.status, again.response.statusText],
    [400, 'Package gamma-1.0.tar.gz already exists in index'],
  );
  const wrong = await call(
    'POST',
    `${index.live}legacy/`,
    upload('gamma-2.0.tar.gz', sdist, { sha256_digest: '0'.repeat(64) }),
  );
  assert.equal(wrong.status, 400);
  const anonymous = await fetch(`${server.url}${index.live}legacy/`, {
    method: 'POST',
    body: upload('gamma-3.0.tar.gz', sdist),
  });
  assert.equal(anonymous.status, 401);
  const damaged = await call(
    'POST',
    `${API}content/python/packages/upload/`,
    form('broken-1.0.tar.gz', Buffer.from('broken')),
  );
  assert.equal(damaged.status, 400);
});

function form(filename: string, bytes: Buffer): FormData {
  const body = new FormData();
  body.set('file', new Blob([new Uint8Array(bytes)]), filename);
  return body;
}

async function unit(filename: string, bytes: Buffer): Promise<string> {
  const { status, body } = await call('POST', `${API}content/python/packages/upload/`, form(filename, bytes));
  assert.equal(status, 201, JSON.stringify(body));
  return body.pulp_href;
}

test('blocklists and substitutions', async () => {
  const index = await makeIndex({ repository: { allow_package_substitution: false } });
  const first = await unit('delta-1.0.tar.gz', makeSdist('delta', '1.0'));
  const other = await unit('delta-1.0.tar.gz', makeSdist('delta', '1.0', 'other'));
  await finished(await call('POST', `${index.href}modify/`, { add_content_units: [first] }));
  const refused = await call('POST', `${index.href}modify/`, { add_content_units: [other] });
  assert.match(String(refused.body[0]), /same filename but different checksums/);
  assert.equal((await call('POST', `${index.href}blocklist_entries/`, { name: 'Epsilon' })).body.name, 'epsilon');
  assert.match(
    (await call('POST', `${index.href}blocklist_entries/`, { name: 'epsilon' })).body.non_field_errors[0],
    /already exists/,
  );
  const blocked = await unit('epsilon-1.0.tar.gz', makeSdist('epsilon', '1.0'));
  const answer = await call('POST', `${index.href}modify/`, { add_content_units: [blocked] });
  assert.deepEqual(answer.body, ['Blocklisted packages cannot be added to this repository: epsilon-1.0.tar.gz']);
  await call('PATCH', index.href, { error_on_reject: false });
  const skipped = await finished(await call('POST', `${index.href}modify/`, { add_content_units: [blocked, other] }));
  assert.equal(skipped.state, 'completed');
  assert.deepEqual(skipped.progress_reports.map((one: Wire) => one.code).sort(), [
    'python.reject.blocklist',
    'python.reject.substitution',
  ]);
});

test('releases are taken back and given free', async () => {
  const index = await makeIndex({ remote: { policy: 'on_demand', includes: ['alpha'] } });
  await sync(index);
  const release = { name: 'ALPHA', version: '1.0' };
  await finished(await call('POST', `${index.live}yank/`, { ...release, yanked_reason: 'bad' }));
  assert.ok((await simple(index, 'alpha')).files.every((file: Wire) => file.yanked === 'bad'));
  await finished(await call('POST', `${index.live}unyank/`, release));
  assert.ok((await simple(index, 'alpha')).files.every((file: Wire) => file.yanked === false));
  assert.equal(
    (await call('POST', `${index.live}yank/`, { name: 'alpha', version: '9' })).body,
    'alpha==9 not found in repository',
  );
});

test('what only upstream has is fetched once, kept and added', async () => {
  const index = await makeIndex({ remote: { policy: 'on_demand' } });
  const distribution = (await call('GET', `${API}distributions/python/pypi/?name=${index.name}`)).body.results[0];
  await finished(await call('PATCH', distribution.pulp_href, { remote: index.remote.pulp_href }));
  const found = (await simple(index, 'alpha')).files.find((file: Wire) => file.filename.endsWith('.whl'));
  assert.match(found.url, /\?redirect=/);
  const before = upstream.requests.length;
  const answers = await Promise.all(Array.from({ length: 8 }, () => fetch(found.url)));
  for (const answer of answers) assert.equal(sha256Of(Buffer.from(await answer.arrayBuffer())), sha256Of(wheel.file));
  assert.ok(upstream.requests.slice(before).filter((url) => url.startsWith('/files/')).length <= 1);
  const metadata = await fetch(`${found.url}.metadata`);
  assert.equal(await metadata.text(), wheel.metadata.toString());
  const now = (await simple(index, 'alpha')).files.find((file: Wire) => file.filename === found.filename);
  assert.ok(!now.url.includes('?'), 'whoever has got a file finds it in the repository');
  const elsewhere = await fetch(`${server.url}${index.content}evil-1.0.tar.gz?redirect=${upstream.url}secret`);
  assert.equal(elsewhere.status, 404);
  assert.ok(!upstream.requests.includes('/secret'));
});

test('an index with a remote lists every file of a release that the remote names, for installers to choose from', async () => {
  const other = await UpstreamIndex.start();
  after(() => other.close());
  const body = makeSdist('zeta', '1.0');
  const names = ['0.9.tar.gz', '1.0.tar.gz', '1.0-py3.12.egg', '1.0.win-amd64-py2.7.exe', '1.0.linux-x86_64.tar.gz'];
  // The last ones tell no version, and are no packages that could be kept.
  names.push('2.0rc1.tar.gz', '1.0.py2-win-amd64.exe', 'nightly.tar.gz', '1.0.noarch.rpm');
  for (const name of names) other.add({ project: 'zeta', version: '1.0', filename: `zeta-${name}`, body });
  const filters = { package_types: ['bdist_wheel'], exclude_platforms: ['windows'], keep_latest_packages: 1 };
  const settings = { name: 'zeta', url: other.url, includes: ['zeta>=1.0'], ...filters };
  const remote = (await call('POST', `${API}remotes/python/python/`, settings)).body;
  const index = await makeIndex({ distribution: { remote: remote.pulp_href } });
  assert.deepEqual(
    (await simple(index, 'zeta')).files.map((file: Wire) => file.filename),
    names.slice(1, 6).map((name) => `zeta-${name}`),
  );
});

test('publications are static indexes', async () => {
  const index = await makeIndex({ remote: { policy: 'on_demand' }, repository: { autopublish: true } });
  await sync(index);
  const { status, response } = await call('GET', `${index.live}simple/alpha/`);
  assert.equal(status, 302);
  const page = await server.fetch(new URL(response.headers.get('location')!, server.url).pathname);
  assert.match(await page.text(), /href="\.\.\/\.\.\/alpha-1\.0\.tar\.gz#sha256=/);
});

test('each form of a page has a validator of its own, which a change elsewhere does not touch', async () => {
  const index = await makeIndex({ remote: { policy: 'on_demand' } });
  await sync(index);
  const page = `${index.live}simple/alpha/`;
  const get = (headers: Record<string, string> = {}) => server.fetch(page, { headers });
  const html = await get();
  const json = await get({ accept: JSON_TYPE });
  const [etag, other] = [html, json].map(({ headers }) => headers.get('etag')!);
  assert.notEqual(etag, other);
  assert.equal(html.headers.get('cache-control'), 'private, no-cache', 'it was read with credentials');
  const open = await fetch(new URL(page, server.url));
  assert.deepEqual([open.status, open.headers.get('cache-control')], [200, 'no-cache']);
  assert.match(html.headers.get('vary')!, /Accept-Encoding/);
  await finished(await call('POST', `${index.live}yank/`, { name: 'beta', version: '0.1' }));
  const known = await get({ 'if-none-match': etag! });
  assert.deepEqual([known.status, known.headers.get('etag')], [304, etag]);
  assert.equal((await get({ accept: JSON_TYPE, 'if-none-match': etag! })).status, 200, 'another form');
  await finished(await call('POST', `${index.live}yank/`, { name: 'alpha', version: '1.0' }));
  assert.equal((await get({ 'if-none-match': etag! })).status, 200, 'it has changed');
});

test('pages have validators and feeds', async () => {
  const index = await makeIndex({ remote: { policy: 'on_demand' } });
  await sync(index);
  const first = await server.fetch(`${index.live}simple/`);
  const etag = first.headers.get('etag')!;
  assert.equal((await server.fetch(`${index.live}simple/`, { headers: { 'if-none-match': etag } })).status, 304);
  assert.match(await (await server.fetch(`${index.live}rss/updates.xml`)).text(), /<title>beta 0\.1<\/title>/);
  assert.deepEqual((await call('GET', index.live)).body, { projects: 2, releases: 2, files: 3 });
  assert.equal((await call('GET', `${index.live}simple/none/`)).body, 'none does not exist.');
  assert.equal((await call('GET', '/pypi/nowhere/simple/')).body, '404 Not Found');
});

test('a version is one release in all its spellings', async () => {
  const index = await makeIndex();
  for (const [filename, version] of [
    ['spelt-1.0rc1.tar.gz', '1.0rc1'],
    ['spelt-1.0-rc1.zip', '1.0-rc1'],
  ] as const) {
    const bytes = filename.endsWith('.zip')
      ? zip([
          { name: 'spelt/PKG-INFO', data: Buffer.from(`Metadata-Version: 2.1\nName: spelt\nVersion: ${version}\n`) },
        ])
      : makeSdist('spelt', version);
    const task = await finished(await call('POST', `${index.live}legacy/`, upload(filename, bytes)));
    assert.equal(task.state, 'completed', JSON.stringify(task.error));
  }
  const yanks = async () => (await simple(index, 'spelt')).files.map((file: Wire) => file.yanked);
  const release = (version: string) => ({ name: 'spelt', version });
  await finished(await call('POST', `${index.live}yank/`, { ...release('1.0.0c1'), yanked_reason: 'bad' }));
  assert.deepEqual(await yanks(), ['bad', 'bad']);
  await finished(await call('POST', `${index.live}yank/`, { ...release('v1.0-rc1'), yanked_reason: 'worse' }));
  assert.deepEqual(await yanks(), ['worse', 'worse']);
  const { body } = await call('GET', `${index.live}pypi/spelt/json/`);
  assert.deepEqual([body.urls.length, Object.keys(body.releases), body.info.yanked], [2, ['1.0rc1'], true]);
  await finished(await call('POST', `${index.live}unyank/`, release('1rc1')));
  assert.deepEqual(await yanks(), [false, false]);
  await call('POST', `${index.href}blocklist_entries/`, { name: 'zeta', version: '1.0' });
  for (const [version, allowed] of [
    ['1.0.0', false],
    ['1', false],
    ['1.0.1', true],
  ] as const) {
    const added = await unit(`zeta-${version}.tar.gz`, makeSdist('zeta', version));
    const answer = await call('POST', `${index.href}modify/`, { add_content_units: [added] });
    assert.equal(answer.status, allowed ? 202 : 400, version);
    if (allowed) await finished(answer);
  }
});

test('published pages and documents tell what was taken back and what a release needs', async () => {
  const index = await makeIndex();
  for (const version of ['1.0', '1.5', '2.0a1']) {
    const { file } = makeWheel('told', version);
    await finished(await call('POST', `${index.live}legacy/`, upload(`told-${version}-py3-none-any.whl`, file)));
  }
  await finished(await call('POST', `${index.live}yank/`, { name: 'told', version: '1.5.0', yanked_reason: 'a > b' }));
  const { body: document } = await call('GET', `${index.live}pypi/told/json/`);
  assert.deepEqual([document.info.version, document.urls[0].filename], ['1.0', 'told-1.0-py3-none-any.whl']);
  const capitals = await server.fetch(`${index.live}simple/told/`, { headers: { accept: JSON_TYPE.toUpperCase() } });
  assert.equal(capitals.headers.get('content-type'), JSON_TYPE);
  await finished(await call('POST', `${API}publications/python/pypi/`, { repository: index.href }));
  const page = await (await server.fetch(`${index.content}simple/told/`)).text();
  assert.equal(page.match(/data-requires-python="&gt;=3.8"/g)?.length, 3, page);
  assert.equal(page.match(/data-core-metadata="sha256=[0-9a-f]{64}"/g)?.length, 3);
  assert.deepEqual(page.match(/[^"/]+" rel="internal"[^>]*data-yanked="a &gt; b"/g)?.length, 1);
});
