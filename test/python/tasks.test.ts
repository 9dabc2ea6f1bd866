/** Tasks of Python repositories on a running server: repair of metadata, scans, grouped uploads; and pages of several processes. */
import assert from 'node:assert/strict';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { after } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { useRunningServer } from '../support/running-server.ts';
import { makeSdist, makeWheel, UpstreamIndex } from './upstream.ts';

/** A service of the OSV protocol that knows one weak package, in two pages. */
const asked: unknown[] = [];
const osv = createServer((request, response) => {
  let text = '';
  request.on('data', (piece) => (text += piece));
  request.on('end', () => {
    const query = JSON.parse(text);
    asked.push(query);
    const isWeak = query.package.name === 'weak' && query.version === '1.0' && query.package.ecosystem === 'PyPI';
    const vulns = isWeak ? [{ id: query.page_token ? 'OSV-2' : 'OSV-1' }] : undefined;
    response.end(JSON.stringify({ vulns, ...(isWeak && !query.page_token && { next_page_token: 'more' }) }));
  });
});
await new Promise<void>((resolve) => osv.listen(0, '127.0.0.1', resolve));
const upstream = await UpstreamIndex.start();
after(() => {
  osv.close();
  upstream.close();
});
const running = await useRunningServer({
  web: 3,
  vuln_report_url: `http://127.0.0.1:${(osv.address() as AddressInfo).port}/v1/query`,
  python_group_uploads: false,
});

let made = 0;
async function makeIndex(more: object = {}) {
  const name = `index-${++made}`;
  const repository = await running.create('repositories/python/python/', { name });
  await running.run('distributions/python/pypi/', { name, base_path: name, repository: repository.pulp_href, ...more });
  return { href: String(repository.pulp_href), live: `/pypi/${name}/`, content: `/pulp/content/${name}/` };
}

function form(filename: string, bytes: Buffer, field = 'content'): FormData {
  const body = new FormData();
  body.set('sha256_digest', sha256Of(bytes));
  body.set(field, new Blob([new Uint8Array(bytes)]), filename);
  return body;
}

async function upload(live: string, filename: string, bytes: Buffer) {
  const { status, body } = await running.call('POST', `${live}legacy/`, form(filename, bytes));
  assert.equal(status, 202, JSON.stringify(body));
  return await running.ended(body.task);
}

// biome-ignore lint/suspicious/noExplicitAny: pages are looked into as they come
async function page(live: string, project: string): Promise<any> {
  const { status, body } = await running.call('GET', `${live}simple/${project}/?format=json`);
  return status === 200 ? (typeof body === 'string' ? JSON.parse(body) : body) : undefined;
}

test('repair reads metadata from the files that are here and makes missing metadata files', async () => {
  const index = await makeIndex();
  const wheel = makeWheel('mended', '1.0');
  const filename = 'mended-1.0-py3-none-any.whl';
  await upload(index.live, filename, wheel.file);
  assert.equal((await page(index.live, 'mended')).files[0]['core-metadata'].sha256, sha256Of(wheel.metadata));
  await running.db.run(
    sql`update python_package set summary = 'wrong', requires_python = '', metadata_sha256 = null where filename = ${filename}`,
  );
  await running.db.run(sql`delete from content_artifact where relative_path = ${`${filename}.metadata`}`);
  const version = await running.latest({ pulp_href: index.href });
  const task = await running.run(`${index.href}repair_metadata/`);
  assert.equal(task.state, 'completed', JSON.stringify(task.error));
  assert.deepEqual(
    task.progress_reports.map(({ code, done }) => [code, done]),
    [['repair.metadata', 1]],
  );
  assert.equal(await running.latest({ pulp_href: index.href }), version);
  const [file] = (await page(index.live, 'mended')).files;
  assert.deepEqual([file['core-metadata'].sha256, file['requires-python']], [sha256Of(wheel.metadata), '>=3.8']);
  const served = await running.server.fetch(`${index.content}${filename}.metadata`);
  assert.equal(await served.text(), wheel.metadata.toString());
  const { body } = await running.call('GET', `content/python/packages/?filename=${filename}&fields=summary`);
  assert.deepEqual(body.results, [{ summary: 'a package' }]);
});

test('repair asks upstream about files that are not here', async () => {
  const wheel = makeWheel('remote', '1.0');
  upstream.add({
    project: 'remote',
    version: '1.0',
    filename: 'remote-1.0-py3-none-any.whl',
    body: wheel.file,
    metadata: wheel.metadata,
  });
  const index = await makeIndex();
  const remote = await running.create('remotes/python/python/', { url: upstream.url, includes: ['remote'] });
  await running.run(`${index.href}sync/`, { remote: remote.pulp_href });
  await running.db.run(sql`update python_package set summary = 'wrong' where name_normalized = 'remote'`);
  const task = await running.run(`${index.href}repair_metadata/`);
  assert.equal(task.state, 'completed', JSON.stringify(task.error));
  const { body } = await running.call('GET', 'content/python/packages/?name=remote&fields=summary,artifact');
  assert.deepEqual(body.results, [{ summary: 'told by upstream', artifact: null }]);
});

test('a scan keeps what the service knows of the packages of a version', async () => {
  const index = await makeIndex();
  await upload(index.live, 'weak-1.0.tar.gz', makeSdist('weak', '1.0'));
  await upload(index.live, 'strong-1.0.tar.gz', makeSdist('strong', '1.0'));
  const task = await running.run(`${index.href}versions/2/scan/`);
  assert.equal(task.state, 'completed', JSON.stringify(task.error));
  assert.deepEqual(
    asked.filter((one) => (one as { package: { name: string } }).package.name === 'strong'),
    [{ package: { name: 'strong', ecosystem: 'PyPI' }, version: '1.0' }],
  );
  const { body: units } = await running.call('GET', 'content/python/packages/?name=weak&fields=vuln_report');
  const report = await running.call('GET', units.results[0].vuln_report);
  assert.equal(report.status, 200, JSON.stringify([units, report.body]));
  assert.deepEqual(report.body.vulns, [{ id: 'OSV-1' }, { id: 'OSV-2' }]);
  const { body: other } = await running.call('GET', 'content/python/packages/?name=strong&fields=vuln_report');
  assert.equal(other.results[0].vuln_report, null);
});

test('a form may have very many fields, and one with too many is refused in words', async () => {
  const index = await makeIndex();
  const bytes = makeSdist('many', '1.0');
  const send = async (count: number, more: readonly [string, Blob, string][] = []) => {
    const body = new FormData();
    for (let at = 0; at < count; at++) body.append('requires_dist', `package-${at}`);
    for (const [name, blob, filename] of more) body.append(name, blob, filename);
    for (const [name, value] of form('many-1.0.tar.gz', bytes)) body.append(name, value);
    return await running.call('POST', `${index.live}legacy/`, body);
  };
  assert.equal((await send(1100)).status, 202);
  const part = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n';
  const headers = { 'content-type': 'multipart/form-data; boundary=x' };
  const fields = await running.call('POST', `${index.live}legacy/`, `${part.repeat(100_001)}--x--\r\n`, headers);
  assert.deepEqual([fields.status, fields.body.detail], [413, 'The form has more than 100000 fields.']);
  const files = await send(
    0,
    Array.from({ length: 101 }, (_, at) => [`f${at}`, new Blob(['x']), 'x']),
  );
  assert.deepEqual([files.status, files.body.detail], [413, 'The form has more than 100 files.']);
});

test('an index that takes no uploads, and one without a repository', async () => {
  const closed = await makeIndex({ allow_uploads: false });
  const send = async (live: string) =>
    await running.server.fetch(`${live}legacy/`, { method: 'POST', body: form('a-1.0.tar.gz', makeSdist('a', '1.0')) });
  const refused = await send(closed.live);
  assert.deepEqual([refused.status, refused.statusText], [403, 'Index is not allowing uploads']);
  // Not every connection and client has reason phrases.
  assert.equal(await refused.text(), 'Index is not allowing uploads');
  await running.run('distributions/python/pypi/', { name: 'none', base_path: 'none', repository: null });
  const nowhere = await send('/pypi/none/');
  assert.deepEqual([nowhere.status, nowhere.statusText], [400, 'Index is not pointing to a repository']);
  assert.equal(await nowhere.text(), 'Index is not pointing to a repository');
});

/** Over a connection of its own, so that any of the processes may answer. */
function freshGet(path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    const headers = { accept: 'application/vnd.pypi.simple.v1+json' };
    request(`${running.server.url}${path}`, { agent, headers }, (response) => {
      let text = '';
      response.on('data', (piece) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    })
      .on('error', reject)
      .end();
  });
}

test('every process serves an upload once its task is completed, on pages it has kept too', async () => {
  const index = await makeIndex();
  await upload(index.live, 'seen-1.0.tar.gz', makeSdist('seen', '1.0'));
  const path = `${index.live}simple/seen/`;
  for (let minor = 1; minor <= 15; minor++) {
    // Many connections at once reach all processes, whose pages are then the old ones.
    await Promise.all(Array.from({ length: 24 }, () => freshGet(path)));
    assert.equal(
      (await upload(index.live, `seen-1.${minor}.tar.gz`, makeSdist('seen', `1.${minor}`))).state,
      'completed',
    );
    const answers = await Promise.all(Array.from({ length: 24 }, () => freshGet(path)));
    for (const { text } of answers)
      assert.ok(text.includes(`seen-1.${minor}.tar.gz`), `1.${minor} is not seen: ${text}`);
    assert.ok((await freshGet(`${index.live}simple/`)).text.includes('"seen"'));
  }
});

test('pages of other projects stay as they are, and removed files leave theirs', async () => {
  const index = await makeIndex();
  await upload(index.live, 'stays-1.0.tar.gz', makeSdist('stays', '1.0'));
  await upload(index.live, 'goes-1.0.tar.gz', makeSdist('goes', '1.0'));
  const before = await page(index.live, 'stays');
  await running.run(`${index.href}modify/`, {
    remove_content_units: (await unitsOf('goes')).map((unit) => unit.pulp_href),
  });
  assert.equal(await page(index.live, 'goes'), undefined);
  assert.deepEqual(await page(index.live, 'stays'), before);
  assert.ok(!(await freshGet(`${index.live}simple/`)).text.includes('goes'));
  // A version that is made from the one before has the project again.
  await running.run(`${index.href}modify/`, { base_version: `${index.href}versions/2/` });
  assert.equal((await page(index.live, 'goes')).files.length, 1);
  assert.ok((await freshGet(`${index.live}simple/`)).text.includes('goes'));
});

async function unitsOf(name: string): Promise<{ pulp_href: string }[]> {
  return (await running.call('GET', `content/python/packages/?name=${name}`)).body.results;
}
