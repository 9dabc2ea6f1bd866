/** Upstream indexes that lie, climb, never end or answer nonsense: a sync fails with the reason and leaves nothing, or passes over what is no package. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { after } from 'node:test';
import { digestsOf, sha256Of } from '../../src/lib/crypto/digest.ts';
import { useRunningServer } from '../support/running-server.ts';
import { makeSdist, makeWheel } from './upstream.ts';

const running = await useRunningServer();
const sdist = makeSdist('good', '1.0');
const wheel = makeWheel('good', '1.0');

/** What the upstream answers by path; a path that is missing is 404. */
let pages: Record<string, string | Buffer | object> = {};
const asked: string[] = [];
const upstream = createServer((request, response) => {
  asked.push(request.url!);
  const page = pages[request.url!];
  if (page === undefined) return void response.writeHead(404).end();
  const isText = typeof page === 'string' || page instanceof Buffer;
  response.setHeader('Content-Type', isText ? 'text/html' : 'application/vnd.pypi.simple.v1+json');
  response.end(isText ? page : JSON.stringify(page));
});
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
after(() => {
  upstream.closeAllConnections();
  upstream.close();
});
const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;

const fileOf = (filename: string, more: object = {}) => ({
  filename,
  url: `${origin}/f/${filename}`,
  digests: { sha256: sha256Of(sdist) },
  packagetype: 'sdist',
  python_version: 'source',
  requires_python: null,
  size: sdist.length,
  ...more,
});
const documentOf = (files: readonly unknown[], info: object = {}) => ({
  info: { name: 'good', version: '1.0', ...info },
  releases: { '1.0': files },
});

async function synced(policy: 'immediate' | 'on_demand', answers: typeof pages, more: object = {}) {
  pages = { '/f/good-1.0.tar.gz': sdist, ...answers };
  const remote = await running.create('remotes/python/python/', {
    url: `${origin}/`,
    policy,
    max_retries: 0,
    includes: ['good'],
    ...more,
  });
  const repository = await running.create('repositories/python/python/', { remote: remote.pulp_href });
  const task = await running.run(`${repository.pulp_href}sync/`);
  const { body: version } = await running.call('GET', `${repository.pulp_href}versions/?limit=1`);
  const { present } = version.results[0].content_summary;
  return { task, repository, remote, count: present['python.python']?.count ?? 0 };
}

type Answers = Readonly<Record<string, string | Buffer | object>>;
const deep = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`;

const FAILING: readonly (readonly [what: string, answers: Answers, reason: RegExp])[] = [
  [
    'bytes of another digest',
    { '/pypi/good/json': documentOf([fileOf('good-1.0.tar.gz', { digests: { sha256: 'a'.repeat(64) } })]) },
    /failed validation due to checksum/,
  ],
  [
    'bytes of another size',
    { '/pypi/good/json': documentOf([fileOf('good-1.0.tar.gz', { size: 5 })]) },
    /failed validation due to size/,
  ],
  ['a file that is not there', { '/pypi/good/json': documentOf([fileOf('good-9.tar.gz')]) }, /404/],
  ['a document that is no JSON', { '/pypi/good/json': '{"info": ' }, /not JSON/],
  [
    'a document nested without end',
    { '/pypi/good/json': `{"info":{"name":"good","classifiers":${deep(100_000)}},"releases":{}}` },
    /nested more than/,
  ],
];

for (const [what, answers, reason] of FAILING) {
  test(`${what}: the sync fails, says why, and leaves nothing`, async () => {
    const before = await running.leftovers();
    const { task, count } = await synced('immediate', answers);
    assert.equal(task.state, 'failed');
    assert.match(task.error!.description, reason);
    assert.doesNotMatch(JSON.stringify(task.error), /\.ts|at \w+ \(/);
    assert.equal(count, 0);
    const { rows, files } = await running.leftovers();
    // The new repository has its first, empty version.
    assert.deepEqual({ ...rows, repository_version: 0 }, { ...before.rows, repository_version: 0 });
    assert.deepEqual(files, []);
  });
}

test('files without usable names, addresses or digests are passed over', async () => {
  const bad = [
    fileOf('../../etc/passwd'),
    fileOf('..'),
    fileOf('a/b-1.0.tar.gz'),
    fileOf('with blank-1.0.tar.gz'),
    fileOf('local-1.0.tar.gz', { url: 'file:///etc/passwd' }),
    fileOf('script-1.0.tar.gz', { url: 'javascript:alert(1)' }),
    fileOf('nodigest-1.0.tar.gz', { digests: {} }),
    fileOf('short-1.0.tar.gz', { digests: { sha256: 'abc' } }),
    fileOf(`${'long'.repeat(100)}-1.0.tar.gz`),
    { filename: 5, url: {}, digests: [] },
    null,
    'text',
  ];
  const { task, count } = await synced('immediate', {
    '/pypi/good/json': documentOf([...bad, fileOf('good-1.0.tar.gz', { requires_python: 'a\0b', packagetype: '\0' })]),
  });
  assert.equal(task.state, 'completed', JSON.stringify(task.error));
  assert.equal(count, 1);
  assert.ok(!asked.some((url) => url.includes('passwd')));
});

test('a project cannot take the name of another', async () => {
  const info = { name: '../../other', summary: 5, classifiers: { odd: true }, project_urls: 'x' };
  const { task, repository } = await synced('on_demand', {
    '/pypi/good/json': documentOf([fileOf('good-1.0.tar.gz')], info),
  });
  assert.equal(task.state, 'completed', JSON.stringify(task.error));
  const units = await running.call(
    'GET',
    `content/python/packages/?fields=name&repository_version=${repository.pulp_href}versions/1/`,
  );
  assert.deepEqual(units.body.results, [{ name: 'good' }]);
});

test('names that are not normalized or come twice are one project', async () => {
  const documents = { '/pypi/good/json': documentOf([fileOf('good-1.0.tar.gz')], { name: 'Good' }) };
  const list =
    '<a href="Good/">Good</a><a href="javascript:1">gOOD</a><a href="../..">..</a><a>a b</a><a href="/">-x-</a>';
  const before = asked.length;
  const { task, count } = await synced('on_demand', { '/simple/': list, ...documents }, { includes: [] });
  assert.equal(task.state, 'completed', JSON.stringify(task.error));
  assert.equal(count, 1);
  assert.deepEqual(
    asked.slice(before).filter((url) => url.startsWith('/pypi/')),
    ['/pypi/good/json'],
  );
});

test('on demand, bytes of another digest reach no client', async () => {
  const { repository } = await synced('on_demand', {
    '/pypi/good/json': documentOf([fileOf('good-1.0.tar.gz', { digests: { sha256: 'b'.repeat(64) } })]),
  });
  await running.run('distributions/python/pypi/', {
    name: 'wrong',
    base_path: 'wrong',
    repository: repository.pulp_href,
  });
  const response = await running.server.fetch('/pulp/content/wrong/good-1.0.tar.gz').catch(() => undefined);
  const received = response?.ok ? await response.arrayBuffer().catch(() => undefined) : undefined;
  assert.equal(received, undefined);
});

/** Longer than what is held back until its digest is known. */
const large = Buffer.concat([sdist, Buffer.alloc(9 * 1024 * 1024)]);

for (const name of ['md5', 'sha1', 'sha224', 'sha384', 'sha512'] as const) {
  test(`pull-through: ${name} of the index is checked, of small files, large ones and metadata`, async () => {
    const digest = (bytes: Buffer) => `${name}=${digestsOf(bytes, [name])[name]}`;
    const anchor = (file: string, told: string) => `<a href="/f/${file}#${digest(Buffer.from(told))}">x</a>`;
    const html = `${anchor('good-1.0.tar.gz', 'other')}${anchor('good-2.0.tar.gz', 'other')}
      <a href="/f/good-3.0.tar.gz#${digest(sdist)}">x</a><a href="/f/good-4.0.tar.gz#${digest(large)}">x</a>
      <a href="/f/good-1.0-py3-none-any.whl" data-core-metadata="${digest(Buffer.from('other'))}">x</a>`;
    const files = { '/f/good-1.0.tar.gz': sdist, '/f/good-2.0.tar.gz': large };
    const right = { '/f/good-3.0.tar.gz': sdist, '/f/good-4.0.tar.gz': large };
    pages = { '/simple/good/': html, '/f/good-1.0-py3-none-any.whl.metadata': wheel.metadata, ...files, ...right };
    const remote = await running.create('remotes/python/python/', { url: `${origin}/`, max_retries: 0 });
    await running.run('distributions/python/pypi/', { name, base_path: name, remote: remote.pulp_href });
    const get = async (file: string) => {
      const answer = await running.server.fetch(`/pulp/content/${name}/${file}`).catch(() => undefined);
      return answer?.ok ? await answer.arrayBuffer().catch(() => undefined) : undefined;
    };
    assert.equal(await get('good-1.0.tar.gz'), undefined);
    assert.equal(await get('good-2.0.tar.gz'), undefined);
    assert.equal(await get('good-1.0-py3-none-any.whl.metadata'), undefined);
    assert.equal((await get('good-3.0.tar.gz'))?.byteLength, sdist.length);
    assert.equal((await get('good-4.0.tar.gz'))?.byteLength, large.length);
  });
}

test('pull-through: a file whose name begins with that of another project is found where upstream refuses that one', async () => {
  const name = 'good-3party-1.0.tar.gz';
  const bytes = makeSdist('good-3party', '1.0');
  pages = {
    '/simple/good/': { nothing: 'here' },
    '/simple/good-3party/': `<a href="/f/${name}#sha256=${sha256Of(bytes)}">x</a>`,
    [`/f/${name}`]: bytes,
  };
  const remote = await running.create('remotes/python/python/', { url: `${origin}/`, max_retries: 0 });
  await running.run('distributions/python/pypi/', { name: 'party', base_path: 'party', remote: remote.pulp_href });
  const answer = await running.server.fetch(`/pulp/content/party/${name}`);
  assert.deepEqual([answer.status, (await answer.arrayBuffer()).byteLength], [200, bytes.length]);
  assert.equal((await running.server.fetch('/pulp/content/party/good-4party-1.0.tar.gz')).status, 502);
});

test('pull-through: pages that lie give no file, and a hostile page does not hold the server up', async () => {
  const html = `<a href="javascript:1">good-2.0.tar.gz</a><a href="file:///etc/passwd">good-3.0.tar.gz</a>
    <a href="/f/%2e%2e%2fgood-4.0.tar.gz">x</a><a href="/f/good-1.0.tar.gz#sha256=${'c'.repeat(64)}">good-1.0.tar.gz</a>
    <a href="/f/good-1.0-py3-none-any.whl#sha256=${sha256Of(wheel.file)}">w</a>${'<a '.repeat(300_000)}`;
  pages = { '/simple/good/': html, '/f/good-1.0.tar.gz': sdist, '/f/good-1.0-py3-none-any.whl': wheel.file };
  const remote = await running.create('remotes/python/python/', { url: `${origin}/`, max_retries: 0 });
  await running.run('distributions/python/pypi/', { name: 'pulled', base_path: 'pulled', remote: remote.pulp_href });
  const { body } = await running.call('GET', '/pypi/pulled/simple/good/?format=json');
  const page = typeof body === 'string' ? JSON.parse(body) : body;
  assert.deepEqual(
    page.files.map(({ filename }: { filename: string }) => filename),
    ['good-1.0.tar.gz', 'good-1.0-py3-none-any.whl'],
  );
  const wrong = await running.server.fetch('/pulp/content/pulled/good-1.0.tar.gz').catch(() => undefined);
  assert.ok(!wrong?.ok || (await wrong.arrayBuffer().catch(() => undefined)) === undefined);
  const right = await running.server.fetch('/pulp/content/pulled/good-1.0-py3-none-any.whl');
  assert.equal(sha256Of(Buffer.from(await right.arrayBuffer())), sha256Of(wheel.file));
  assert.equal((await running.server.fetch('/pulp/content/pulled/good-3.0.tar.gz')).status, 404);
  await running.assertAlive();
});
