/** Tests of what killed processes leave: temporary files and incomplete publications go within the promised time. */
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../src/db/sql.ts';
import { useUpstream } from '../content/upstream.ts';
import { processTree } from '../support/processes.ts';
import { apiRoot, fileForm, leftovers, randomText, until, useCluster } from './cluster.ts';

const c = await useCluster();
const upstream = await useUpstream();
afterEach(() => c.killAll());
/** The time to live of the tests' processes and what is allowed on top of it. */
const promised = 3 + 60;
const temporary = () => leftovers(c.data, 'media', 'tmp', 'files');

test('an API process killed in the middle of an upload leaves no temporary file', async () => {
  const api = await c.start('api');
  const text = randomText(8 << 20);
  const request = httpRequest(`${api.url}${apiRoot}artifacts/`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from('admin:password').toString('base64')}`,
      'content-type': 'multipart/form-data; boundary=b',
    },
  });
  request.on('error', () => {});
  request.write('--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n');
  request.write(text);
  await until('bytes are on the disk', () => temporary().length === 1);
  api.kill();
  await sleep(200);
  assert.equal(temporary().length, 1);
  const living = await c.start('api');
  await until('the file is gone', () => temporary().length === 0, promised);
  // Files of the living are left alone however long nobody writes to them.
  const slow = httpRequest(`${living.url}${apiRoot}artifacts/`, {
    method: 'POST',
    headers: request.getHeaders() as never,
  });
  slow.on('error', () => {});
  slow.write('--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n');
  slow.write(text);
  await until('bytes are on the disk', () => temporary().length === 1);
  await sleep(8000);
  const answer = new Promise<number | undefined>((resolve) =>
    slow.on('response', (reply) => resolve(reply.statusCode)),
  );
  slow.end('\r\n--b--\r\n');
  assert.equal(await answer, 201);
});

test('a content process killed while it fetches a file leaves no temporary file', async () => {
  const [api, worker, content] = [await c.start('api'), await c.start('worker'), await c.start('content')];
  const url = upstream.publish('slow', { 'big.bin': randomText(24 << 20) });
  const remote = await api.call('POST', 'remotes/file/file/', { name: c.name('slow'), url, policy: 'on_demand' });
  const { body } = await api.call('POST', 'repositories/file/file/', { name: c.name('slow'), autopublish: true });
  const sync = await api.done('POST', `${body.pulp_href}sync/`, { remote: remote.body.pulp_href });
  assert.equal(sync.state, 'completed', JSON.stringify(sync.error));
  await api.done('POST', 'distributions/file/file/', { name: 's', base_path: 's', repository: body.pulp_href });
  upstream.behaviours.set('/slow/big.bin', (response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 16 << 20));
  });
  const reading = fetch(`${content.url}/pulp/content/s/big.bin`).then((answer) => answer.text());
  reading.catch(() => {});
  await until('bytes are on the disk', () => temporary().length === 1);
  content.kill();
  await assert.rejects(reading);
  await until('the file is gone', () => temporary().length === 0, promised);
  assert.equal(worker.ended, false);
});

test('a task child that is killed leaves no temporary file, though its worker lives', async () => {
  const [api, worker] = [await c.start('api'), await c.start('worker')];
  const url = upstream.publish('stalls', { 'big.bin': randomText(8 << 20) });
  upstream.behaviours.set('/stalls/big.bin', (response, body) => {
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, body.length >> 1));
  });
  const remote = await api.call('POST', 'remotes/file/file/', { name: c.name('stalls'), url, max_retries: 0 });
  const { body } = await api.call('POST', 'repositories/file/file/', { name: c.name('stalls') });
  const started = await api.call('POST', `${body.pulp_href}sync/`, { remote: remote.body.pulp_href });
  await until('bytes are on the disk', () => temporary().length === 1);
  for (const pid of processTree(worker.process.pid!).slice(1)) process.kill(pid, 'SIGKILL');
  assert.equal((await api.task(started.body.task, promised)).state, 'failed');
  await until('the file is gone', () => temporary().length === 0, 10);
  assert.equal(worker.ended, false);
});

test('a worker killed while it publishes leaves no incomplete publication', async () => {
  const [api, worker] = [await c.start('api'), await c.start('worker')];
  const { body } = await api.call('POST', 'repositories/file/file/', { name: c.name('published') });
  const form = fileForm('text', { relative_path: 'a', repository: body.pulp_href });
  assert.equal((await api.done('POST', 'content/file/files/', form)).state, 'completed');
  const locked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const held = c.db.transaction(async (tx) => {
    await tx.run(sql`lock table published_artifact in exclusive mode`);
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  const { task } = (await api.call('POST', 'publications/file/file/', { repository: body.pulp_href })).body;
  const incomplete = () => c.db.row(sql`select from publication where not complete`);
  await until('it is begun', incomplete);
  worker.kill();
  release.resolve();
  await held;
  const heir = await c.start('worker');
  const ended = await api.task(task, promised);
  assert.deepEqual([ended.state, ended.error], ['failed', { reason: 'Worker has gone missing.' }]);
  assert.equal(await incomplete(), undefined);
  const again = await api.done('POST', 'publications/file/file/', { repository: body.pulp_href });
  assert.equal(again.state, 'completed');
  assert.equal(again.created_resources.length, 1);
  assert.equal(heir.ended, false);
});
