/** Answers of Python indexes that clients know from the peer, in the cases at the edges. */
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { useRunningServer } from '../support/running-server.ts';
import { form, makeIndex } from './own-index.ts';
import { makeSdist, makeWheel, UpstreamIndex } from './upstream.ts';

const running = await useRunningServer({ trusted_proxies: ['127.0.0.1'] });
const upstream = await UpstreamIndex.start();
after(() => upstream.close());

async function upload(live: string, filename: string, bytes: Buffer, more: Readonly<Record<string, string>> = {}) {
  const sent = form({ sha256_digest: sha256Of(bytes), ...more }, 'content', filename, bytes);
  const answer = await running.call('POST', `${live}legacy/`, sent);
  if (answer.status === 202) assert.equal((await running.ended(answer.body.task)).state, 'completed');
  return answer;
}

async function yank(live: string, kind: 'yank' | 'unyank', body: object) {
  const answer = await running.call('POST', `${live}${kind}/`, body);
  if (answer.status === 202) assert.equal((await running.ended(answer.body.task)).state, 'completed');
  return answer;
}

test('fields of an upload that may be left out may be blank; the digest may not', async () => {
  const { live } = await makeIndex(running, 'blanks');
  const bytes = makeSdist('blank', '1.0');
  const blank = { protocol_version: '', metadata_version: '', filetype: '', attestations: '[]' };
  assert.deepEqual((await upload(live, 'blank-1.0.tar.gz', bytes, { ...blank, sha256_digest: '' })).body, {
    sha256_digest: ['This field may not be blank.'],
  });
  assert.equal((await upload(live, 'blank-1.0.tar.gz', bytes, blank)).status, 202);
  const { body } = await running.call('POST', `${live}legacy/`, { content: 'x', sha256_digest: sha256Of(bytes) });
  assert.deepEqual(body, { content: ['The submitted data was not a file. Check the encoding type on the form.'] });
});

test('pages name the host by which each client has come, whoever came first', async () => {
  const { live } = await makeIndex(running, 'hosts');
  await upload(live, 'hosted-1.0.tar.gz', makeSdist('hosted', '1.0'));
  const linkOf = async (headers: Record<string, string>, path = 'simple/hosted/') => {
    const text = await (await running.server.fetch(live + path, { headers })).text();
    return /https?:\/\/[^/"]+/.exec(text)?.[0];
  };
  const json = { accept: 'application/vnd.pypi.simple.v1+json' };
  const own = await linkOf(json);
  const tls = { ...json, 'x-forwarded-proto': 'https' };
  assert.equal(await linkOf(tls), own?.replace('http:', 'https:'));
  assert.equal(await linkOf({ ...tls, 'x-forwarded-host': 'pkgs.example' }), 'https://pkgs.example');
  assert.equal(await linkOf(json), own);
  const content = live.replace('/pypi/', '/pulp/content/');
  const host = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'pkgs.example' };
  const metadata = await running.server.fetch(`${content}pypi/hosted/json`, { headers: host });
  assert.match(JSON.stringify(await metadata.json()), /"url":"https:\/\/pkgs\.example\/pulp\/content\//);
});

test('attestations that are none are told before a task is made of the upload', async () => {
  const bytes = makeSdist('attested', '1.0');
  const create = (attestations: string) => {
    const values = { relative_path: 'attested-1.0.tar.gz', attestations };
    return running.call('POST', 'content/python/packages/', form(values, 'file', 'attested-1.0.tar.gz', bytes));
  };
  const { status, body } = await create('[{}]');
  assert.equal(status, 400);
  assert.match(body.attestations[0], /^Invalid attestations: /);
  const none = await create('[]');
  assert.equal(none.status, 202);
  assert.equal((await running.ended(none.body.task)).state, 'completed');
});

test('empty filters leave the list as it is', async () => {
  const all = (await running.call('GET', 'content/python/packages/')).body.count;
  assert.ok(all > 0);
  for (const name of ['name', 'name__in', 'version', 'version__gt', 'version__gte', 'version__lt', 'version__lte'])
    assert.equal((await running.call('GET', `content/python/packages/?${name}=`)).body.count, all, name);
});

test('lists that upstream leaves out are empty, and null where it says so', async () => {
  upstream.add({ project: 'lists', version: '1.0', filename: 'lists-1.0.tar.gz', body: makeSdist('lists', '1.0') });
  const { href } = await makeIndex(running, 'lists');
  const remote = await running.create('remotes/python/python/', { url: upstream.url, includes: ['lists'] });
  assert.equal((await running.run(`${href}sync/`, { remote: remote.pulp_href })).state, 'completed');
  const fields = 'classifiers,provides_extras,license_file,requires_dist,project_urls';
  const { body } = await running.call('GET', `content/python/packages/?name=lists&fields=${fields}`);
  assert.deepEqual(body.results, [
    { classifiers: '[]', provides_extras: '[]', license_file: '[]', requires_dist: 'null', project_urls: '{}' },
  ]);
});

test('the newest that are kept have the current release among them', async () => {
  for (const version of ['1.0', '3.0rc1', '4.0rc1', '2.0'])
    upstream.add({ project: 'kept', version, filename: `kept-${version}.tar.gz`, body: makeSdist('kept', version) });
  const selection = { url: upstream.url, includes: ['kept'], prereleases: true };
  const synced = async (more: object) => {
    const repository = await running.create('repositories/python/python/', {});
    const remote = await running.create('remotes/python/python/', { ...selection, ...more });
    await running.run(`${repository.pulp_href}sync/`, { remote: remote.pulp_href });
    const query = `repository_version=${repository.versions_href}1/&ordering=version&fields=version`;
    const { body } = await running.call('GET', `content/python/packages/?${query}`);
    return body.results.map(({ version }: { version: string }) => version);
  };
  assert.deepEqual(await synced({ keep_latest_packages: 1 }), ['2.0']);
  assert.deepEqual(await synced({ keep_latest_packages: 2 }), ['2.0', '4.0rc1']);
  assert.deepEqual(await synced({ keep_latest_packages: 2, excludes: ['kept==2.0'] }), ['3.0rc1', '4.0rc1']);
  assert.deepEqual(await synced({ keep_latest_packages: 2, prereleases: false }), ['1.0', '2.0']);
});

test('an index over nothing has no pages', async () => {
  await running.run('distributions/python/pypi/', { name: 'bare', base_path: 'bare' });
  const detail = { detail: 'No repository associated with this index' };
  for (const path of ['', 'simple/?format=json', 'simple/a/?format=json', 'pypi/a/json/', 'rss/updates.xml'])
    assert.deepEqual(await running.call('GET', `/pypi/bare/${path}`), { status: 404, body: detail }, path);
  for (const path of ['simple/', 'simple/a/'])
    assert.deepEqual(await running.call('GET', `/pypi/bare/${path}`), { status: 404, body: '404 Not Found' }, path);
});

test('a release is found in any spelling of its version, with its mark', async () => {
  const { live } = await makeIndex(running, 'spelling');
  await upload(live, 'spelt-1.0.tar.gz', makeSdist('spelt', '1.0'));
  await upload(live, 'spelt-2.0.tar.gz', makeSdist('spelt', '2.0'));
  await yank(live, 'yank', { name: 'spelt', version: '1.0' });
  const { body } = await running.call('GET', `${live}pypi/spelt/1.00/json/`);
  assert.deepEqual([body.info.version, body.info.yanked, body.info.yanked_reason], ['1.0', true, '']);
  assert.equal((await running.call('GET', `${live}pypi/spelt/1.0.1/json/`)).status, 404);
});

test('what is passed through is chosen by names and versions alone', async () => {
  for (const version of ['1.0', '2.0rc1', '3.0'])
    for (const [filename, body] of [
      [`passed-${version}.tar.gz`, makeSdist('passed', version)],
      [`passed-${version}-cp311-cp311-win_amd64.whl`, makeWheel('passed', version).file],
    ] as const)
      upstream.add({ project: 'passed', version, filename, body });
  const more = { package_types: ['sdist'], exclude_platforms: ['windows'], keep_latest_packages: 1 };
  const remote = await running.create('remotes/python/python/', {
    url: upstream.url,
    includes: ['passed<3'],
    excludes: ['passed==1.0'],
    ...more,
  });
  await running.run('distributions/python/pypi/', { name: 'passed', base_path: 'passed', remote: remote.pulp_href });
  const { body } = await running.call('GET', '/pypi/passed/simple/passed/?format=json');
  const { files } = typeof body === 'string' ? JSON.parse(body) : body;
  assert.deepEqual(
    files.map(({ filename }: { filename: string }) => filename),
    ['passed-2.0rc1.tar.gz', 'passed-2.0rc1-cp311-cp311-win_amd64.whl'],
  );
});

test('a mark can be taken away when its release is gone', async () => {
  const { href, live } = await makeIndex(running, 'marks');
  await upload(live, 'marked-1.0.tar.gz', makeSdist('marked', '1.0'));
  await yank(live, 'yank', { name: 'marked', version: '1.0' });
  const marks = async () => {
    const { latest_version_href: latest } = (await running.call('GET', href)).body;
    return (await running.call('GET', `content/python/yanks/?repository_version=${latest}`)).body.count;
  };
  const { body } = await running.call('GET', 'content/python/packages/?name=marked');
  await running.run(`${href}modify/`, { remove_content_units: [body.results[0].pulp_href] });
  assert.equal(await marks(), 1);
  assert.equal((await yank(live, 'yank', { name: 'marked', version: '1.0' })).status, 404);
  assert.equal((await yank(live, 'unyank', { name: 'Marked', version: '1.0' })).status, 202);
  assert.equal(await marks(), 0);
  assert.deepEqual((await yank(live, 'yank', { name: 'marked', version: [1] })).body, {
    version: ['Not a valid string.'],
  });
});

test('repair tells how many packages it looks through', async () => {
  const { href, live } = await makeIndex(running, 'looked');
  await upload(live, 'looked-1.0.tar.gz', makeSdist('looked', '1.0'));
  await upload(live, 'looked-1.0-py3-none-any.whl', makeWheel('looked', '1.0').file);
  const { body } = await running.call('POST', `${href}repair_metadata/`);
  await running.ended(body.task);
  const [report] = (await running.call('GET', body.task)).body.progress_reports;
  assert.deepEqual([report.total, report.done], [2, 2]);
});

test('the index before a publication leads to its pages, whatever the spelling', async () => {
  const { href, live } = await makeIndex(running, 'led');
  await upload(live, 'Led_To-1.0.tar.gz', makeSdist('Led_To', '1.0'));
  const task = await running.run('publications/python/pypi/', { repository: href });
  await running.run('distributions/python/pypi/', {
    name: 'published',
    base_path: 'published',
    publication: task.created_resources[0],
  });
  const page = await running.server.fetch('/pypi/published/simple/Led_To/');
  assert.equal(page.status, 200);
  assert.match(await page.text(), /Led_To-1\.0\.tar\.gz/);
});

test('a guard covers the pages of an index, not its files alone', async () => {
  const guard = await running.call('POST', 'contentguards/core/rbac/', { name: 'of an index' });
  const { live } = await makeIndex(running, 'guarded');
  const { body: found } = await running.call('GET', 'distributions/python/pypi/?name=guarded');
  const distribution = found.results[0].pulp_href;
  await upload(live, 'guarded-1.0.tar.gz', makeSdist('guarded', '1.0'));
  const changed = await running.call('PATCH', distribution, { content_guard: guard.body.pulp_href });
  assert.equal((await running.ended(changed.body.task)).state, 'completed');
  const pages = ['', 'simple/', 'simple/guarded/', 'pypi/guarded/json/', 'rss/updates.xml', 'rss/packages.xml'];
  for (const page of pages) {
    const anonymous = await fetch(new URL(live + page, running.server.url));
    assert.equal(anonymous.status, 403, page);
    assert.doesNotMatch(await anonymous.text(), /guarded-1\.0/);
    const admitted = await running.server.fetch(live + page);
    assert.equal(admitted.status, 200, page);
    if (page !== '') assert.match(admitted.headers.get('cache-control') ?? '', /private/, page);
  }
});
