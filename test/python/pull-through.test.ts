/** Files that only upstream has, on a server without workers: what is done at once, and what is left to them. */
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { useRunningServer } from '../support/running-server.ts';
import { makeWheel, UpstreamIndex } from './upstream.ts';

const running = await useRunningServer({ workers: 0 });
const upstream = await UpstreamIndex.start();
after(() => upstream.close());
const wheel = makeWheel('alpha', '1.0');
const filename = 'alpha-1.0-py3-none-any.whl';
upstream.add({ project: 'alpha', version: '1.0', filename, body: wheel.file });
const shared = await running.create('remotes/python/python/', { url: upstream.url });

/** What a client does that has got the file through an index, and the tasks of the index's repository after that. */
async function pulled(name: string, fields: object, remote = shared) {
  const repository = await running.create('repositories/python/python/', fields);
  const references = { remote: remote.pulp_href, repository: repository.pulp_href };
  await running.run('distributions/python/pypi/', { name, base_path: name, ...references });
  const answer = await running.server.fetch(`/pulp/content/${name}/${filename}`);
  assert.equal(sha256Of(Buffer.from(await answer.arrayBuffer())), sha256Of(wheel.file));
  const page = await running.call('GET', `/pypi/${name}/simple/alpha/`);
  const tasks = await running.call('GET', `tasks/?reserved_resources=${repository.prn}&fields=state,name`);
  return { isHere: !page.body.includes('?redirect='), tasks: tasks.body.results };
}

const name = 'pulpcore.app.tasks.repository.add_and_remove';

test('a file is in the repository when its client has got it', async () => {
  assert.deepEqual(await pulled('plain', {}), { isHere: true, tasks: [{ state: 'completed', name }] });
});

test('and in another one whose index has the same remote', async () => {
  const { length } = upstream.requests.filter((path) => path.startsWith('/files/'));
  assert.deepEqual(await pulled('second', {}), { isHere: true, tasks: [{ state: 'completed', name }] });
  assert.equal(upstream.requests.filter((path) => path.startsWith('/files/')).length, length);
});

test('pages that follow from upstream are not sent again while neither side has changed', async () => {
  const remote = await running.create('remotes/python/python/', { url: upstream.url });
  await running.run('distributions/python/pypi/', { name: 'upper', base_path: 'upper', remote: remote.pulp_href });
  const get = (headers: Record<string, string> = {}) => running.server.fetch('/pypi/upper/simple/gamma/', { headers });
  const file = makeWheel('gamma', '1.0');
  upstream.add({ project: 'gamma', version: '1.0', filename: 'gamma-1.0-py3-none-any.whl', body: file.file });
  const etag = (await get()).headers.get('etag')!;
  assert.equal((await get({ 'if-none-match': etag })).status, 304);
  const next = makeWheel('gamma', '1.1');
  upstream.add({ project: 'gamma', version: '1.1', filename: 'gamma-1.1-py3-none-any.whl', body: next.file });
  // What upstream has said is remembered for a while.
  let changed = await get({ 'if-none-match': etag });
  for (const end = Date.now() + 60_000; changed.status === 304 && Date.now() < end; ) {
    await sleep(500);
    changed = await get({ 'if-none-match': etag });
  }
  assert.equal(changed.status, 200);
  assert.match(await changed.text(), /gamma-1\.1/);
});

test('a repository that publishes each version waits for a worker', async () => {
  const remote = await running.create('remotes/python/python/', { url: upstream.url });
  const answer = await pulled('published', { autopublish: true }, remote);
  assert.deepEqual(answer, { isHere: false, tasks: [{ state: 'waiting', name }] });
});
