/** What mirrors make of upstreams that answer for some projects only, with pages alone, or with something else than an index. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { after } from 'node:test';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { useRunningServer } from '../support/running-server.ts';
import { makeSdist } from './upstream.ts';

const running = await useRunningServer();
const LOGIN = '<title>Sign in</title><form action="/login"><input name="user"></form><a href="/reset">Forgotten?</a>';
const names = ['aa', 'bb', 'cc'];
const bytes = new Map(names.map((name) => [name, makeSdist(name, '1.0')]));

/** By path; a number is a status. What is missing is 404. */
let pages: Record<string, string | object | number> = {};
const asked: string[] = [];
const upstream = createServer((request, response) => {
  asked.push(request.url!);
  const page = pages[request.url!];
  if (page === undefined || typeof page === 'number') return void response.writeHead(page ?? 404).end();
  if (page instanceof Uint8Array) return void response.end(page);
  response.setHeader('Content-Type', typeof page === 'string' ? 'text/html' : 'application/json');
  response.end(typeof page === 'string' ? page : JSON.stringify(page));
});
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
after(() => {
  upstream.closeAllConnections();
  upstream.close();
});
const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;

const listOf = (list: readonly string[]) => list.map((name) => `<a href="${name}/">${name}</a>`).join('');
const linkOf = (name: string, more = '') =>
  `<a href="/f/${name}-1.0.tar.gz#sha256=${sha256Of(bytes.get(name)!)}" ${more}>${name}-1.0.tar.gz</a>`;
const documentOf = (name: string, more: object = {}) => ({
  info: { name, version: '1.0', summary: 'told' },
  releases: {
    '1.0': [
      {
        filename: `${name}-1.0.tar.gz`,
        url: `${origin}/f/${name}-1.0.tar.gz`,
        digests: { sha256: sha256Of(bytes.get(name)!) },
        packagetype: 'sdist',
        size: bytes.get(name)!.length,
        ...more,
      },
    ],
  },
});
/** An upstream with everything. */
const whole = (): typeof pages => ({
  '/simple/': listOf(names),
  ...Object.fromEntries(names.map((name) => [`/pypi/${name}/json`, documentOf(name)])),
  ...Object.fromEntries(names.map((name) => [`/simple/${name}/`, linkOf(name, 'data-yanked="bad > worse"')])),
});

async function makeMirror(more: object = {}) {
  const remote = await running.create('remotes/python/python/', {
    url: `${origin}/`,
    policy: 'on_demand',
    max_retries: 0,
    ...more,
  });
  const repository = await running.create('repositories/python/python/', { remote: remote.pulp_href });
  const sync = (mirror = true) => running.run(`${repository.pulp_href}sync/`, { mirror });
  const counts = async () => {
    const { body } = await running.call('GET', `${repository.pulp_href}versions/?limit=1`);
    const { present } = body.results[0].content_summary;
    return [present['python.python']?.count ?? 0, present['python.python_yank']?.count ?? 0];
  };
  return { sync, counts, href: String(repository.pulp_href) };
}

for (const status of [401, 403, 410, 429, 451, 500]) {
  test(`a project that answers ${status} does not keep the others away`, async () => {
    pages = { ...whole(), '/pypi/bb/json': status, '/simple/bb/': status };
    const mirror = await makeMirror();
    const task = await mirror.sync();
    assert.equal(task.state, 'completed', JSON.stringify(task.error));
    assert.deepEqual(await mirror.counts(), [2, 2]);
    const told = task.progress_reports.find(({ code }) => code === 'sync.project.refused');
    assert.equal(told?.state, status === 410 ? undefined : 'failed');
  });
}

test('a mirror keeps what it has of a project that is refused, and loses one that is gone', async () => {
  pages = whole();
  const mirror = await makeMirror();
  await mirror.sync();
  assert.deepEqual(await mirror.counts(), [3, 3]);
  pages = { ...whole(), '/pypi/bb/json': 403, '/pypi/cc/json': 404, '/simple/cc/': 410 };
  const task = await mirror.sync();
  assert.equal(task.state, 'completed', JSON.stringify(task.error));
  assert.deepEqual(await mirror.counts(), [2, 2]);
});

test('where every project is refused the sync fails with the reason', async () => {
  pages = { '/simple/': listOf(names), ...Object.fromEntries(names.map((name) => [`/pypi/${name}/json`, 403])) };
  const mirror = await makeMirror();
  const task = await mirror.sync();
  assert.equal(task.state, 'failed');
  assert.match(task.error!.description, /403/);
});

const OTHERS: readonly (readonly [what: string, changed: typeof pages])[] = [
  ['a page to log in at for the list', { '/simple/': LOGIN }],
  ['a document of another kind for the list', { '/simple/': { error: 'log in' } }],
  ['pages to log in at for everything', Object.fromEntries(Object.keys(whole()).map((path) => [path, LOGIN]))],
  [
    'documents of another kind for each project',
    Object.fromEntries(names.map((name) => [`/pypi/${name}/json`, { error: 'log in' }])),
  ],
  ['a page to log in at for the pages', Object.fromEntries(names.map((name) => [`/simple/${name}/`, LOGIN]))],
];

for (const [what, changed] of OTHERS) {
  test(`a mirror is left as it is by an upstream that answers with ${what}`, async () => {
    pages = whole();
    const mirror = await makeMirror();
    await mirror.sync();
    pages = { ...whole(), ...changed };
    const task = await mirror.sync();
    assert.equal(task.state, 'failed');
    assert.match(task.error!.description, /The answer is not/);
    assert.deepEqual(await mirror.counts(), [3, 3]);
  });
}

test('an upstream with pages alone is mirrored by these', async () => {
  bytes.set('pages', makeSdist('pages', '1.0'));
  pages = { '/simple/': listOf(['pages', 'aa']), '/simple/pages/': linkOf('pages'), '/simple/aa/': linkOf('aa') };
  const mirror = await makeMirror();
  assert.equal((await mirror.sync()).state, 'completed');
  assert.deepEqual(await mirror.counts(), [2, 0]);
  const query = `repository_version=${mirror.href}versions/1/&name=pages&fields=name,version,packagetype,python_version`;
  const { body } = await running.call('GET', `content/python/packages/?${query}`);
  assert.deepEqual(body.results, [{ name: 'pages', version: '1.0', packagetype: 'sdist', python_version: 'source' }]);
});

test('and refused where they tell no digest by which files are known', async () => {
  pages = { '/simple/': listOf(['aa']), '/simple/aa/': '<a href="/f/aa-1.0.tar.gz">aa-1.0.tar.gz</a>' };
  const task = await (await makeMirror()).sync();
  assert.equal(task.state, 'failed');
  assert.match(task.error!.description, /SHA-256 of none/);
});

test('without a page the document tells what was taken back', async () => {
  pages = { '/simple/': listOf(['aa']), '/pypi/aa/json': documentOf('aa', { yanked: true, yanked_reason: 'old' }) };
  const mirror = await makeMirror();
  assert.equal((await mirror.sync()).state, 'completed');
  assert.deepEqual(await mirror.counts(), [1, 1]);
});

test('projects are asked for by their normalized names, and then as upstream spells them', async () => {
  bytes.set('Foo.Bar', makeSdist('Foo.Bar', '1.0'));
  bytes.set('Old_Way', makeSdist('Old_Way', '1.0'));
  pages = {
    '/simple/': '<a href="foo-bar/">Foo.Bar</a><a href="Old_Way/">Old_Way</a>',
    '/pypi/foo-bar/json': documentOf('Foo.Bar'),
    '/pypi/Old_Way/json': documentOf('Old_Way'),
  };
  const mirror = await makeMirror();
  assert.equal((await mirror.sync()).state, 'completed');
  assert.deepEqual(await mirror.counts(), [2, 0]);
  assert.ok(!asked.includes('/pypi/Foo.Bar/json'));
});

test('pages are read whatever type upstream says they have', async () => {
  const files = [
    { filename: 'aa-1.0.tar.gz', url: '/f/aa-1.0.tar.gz', hashes: { sha256: sha256Of(bytes.get('aa')!) } },
  ];
  pages = { '/simple/': { projects: [{ name: 'aa' }] }, '/simple/aa/': { files } };
  const types = ['application/octet-stream', 'text/plain', ''];
  for (const type of types) {
    const plain = createServer((request, response) => {
      const page = pages[request.url!];
      if (page === undefined) return void response.writeHead(404).end();
      if (type) response.setHeader('Content-Type', type);
      response.end(JSON.stringify(page));
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const mirror = await makeMirror({ url: `http://127.0.0.1:${(plain.address() as AddressInfo).port}/` });
    const task = await mirror.sync();
    plain.closeAllConnections();
    plain.close();
    assert.equal(task.state, 'completed', `${type}: ${JSON.stringify(task.error)}`);
    assert.deepEqual(await mirror.counts(), [1, 0], type);
  }
});

test('a size that upstream does not tell is left out, and told once the bytes are here', async () => {
  bytes.set('unsized', makeSdist('unsized', '1.0'));
  const name = 'unsized';
  pages = { '/simple/': listOf([name]), '/pypi/unsized/json': documentOf(name, { size: null }) };
  const mirror = await makeMirror();
  await mirror.sync();
  await running.run('distributions/python/pypi/', { name, base_path: name, repository: mirror.href });
  const page = async (index = name) => {
    const { body } = await running.call('GET', `/pypi/${index}/simple/${name}/?format=json`);
    const { meta, files } = typeof body === 'string' ? JSON.parse(body) : body;
    return [meta['api-version'], files[0].size];
  };
  assert.deepEqual(await page(), ['1.0', undefined]);
  pages = { ...pages, '/f/unsized-1.0.tar.gz': bytes.get(name)! };
  const got = await running.server.fetch(`/pulp/content/${name}/unsized-1.0.tar.gz`);
  assert.equal((await got.arrayBuffer()).byteLength, bytes.get(name)!.length);
  // Pages are kept while the index stays as it is; another one over the same repository has none yet.
  await running.run('distributions/python/pypi/', { name: 'sized', base_path: 'sized', repository: mirror.href });
  assert.deepEqual(await page('sized'), ['1.1', bytes.get(name)!.length]);
});
