/** Tests of API and content processes that are killed in the middle of requests, and of their orderly replacement. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../src/db/sql.ts';
import { useUpstream } from '../content/upstream.ts';
import { apiRoot, fileForm, type Member, randomText, until, useCluster } from './cluster.ts';

const c = await useCluster();
const upstream = await useUpstream();
await c.start('worker');
const authorization = `Basic ${Buffer.from('admin:password').toString('base64')}`;

const count = async (table: string) =>
  (await c.db.row<{ n: number }>(sql`select count(*)::int as n from ${sql.ident(table)}`))!.n;

/** Sends the first half of a multipart upload and leaves the connection open. */
async function halfUpload(api: Member, text: string) {
  const boundary = 'half';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`;
  const request = httpRequest(`${api.url}${apiRoot}artifacts/`, {
    method: 'POST',
    headers: { authorization, 'content-type': `multipart/form-data; boundary=${boundary}` },
  });
  request.on('error', () => {});
  request.write(head + text.slice(0, text.length / 2));
  await sleep(300);
  return request;
}

test('API killed in the middle of an upload: no half artifact, the retry works', async () => {
  const api = await c.start('api');
  const text = randomText(4 << 20);
  const before = await count('artifact');
  await halfUpload(api, text);
  api.kill();
  const again = await c.start('api');
  assert.equal(await count('artifact'), before);
  const { status, body } = await again.call('POST', 'artifacts/', fileForm(text));
  assert.equal(status, 201, JSON.stringify(body));
  assert.equal(body.sha256, createHash('sha256').update(text).digest('hex'));
  assert.equal(await count('artifact'), before + 1);
  assert.deepEqual(await c.damagedArtifacts(), []);
  await again.stop();
});

test('API killed while it dispatches: every task that was answered exists and ends, the retry works', async () => {
  const api = await c.start('api');
  const made = await api.call('POST', 'repositories/file/file/', { name: c.name('dispatch') });
  const modify = `${made.body.pulp_href}modify/`;
  const answered: string[] = [];
  const clients = Array.from({ length: 4 }, async () => {
    for (;;) {
      const answer = await api.call('POST', modify, { remove_content_units: [] }).catch(() => undefined);
      if (!answer) return;
      assert.equal(answer.status, 202);
      answered.push(answer.body.task);
    }
  });
  await until('some are answered', () => answered.length > 10);
  api.kill();
  await Promise.all(clients);
  const again = await c.start('api');
  for (const href of answered) assert.equal((await again.task(href)).state, 'completed');
  assert.equal((await again.done('POST', modify, {})).state, 'completed');
  await again.stop();
});

test('API killed in the middle of an immediate task: it ends as failed, its locks are free, the retry works', async () => {
  const [api, other] = [await c.start('api'), await c.start('api')];
  const { body } = await api.call('POST', 'repositories/file/file/', { name: c.name('immediate') });
  // A lock on the row keeps the task in the middle.
  const released = Promise.withResolvers<void>();
  const blocked = Promise.withResolvers<void>();
  const blocker = c.db.transaction(async (tx) => {
    await tx.run(sql`select from repository where name = ${body.name} for update`);
    blocked.resolve();
    await released.promise;
  });
  await blocked.promise;
  const call = api.call('PATCH', body.pulp_href, { description: 'never' }).catch(() => undefined);
  const { id } = await until('it runs', () =>
    c.db.row<{ id: number }>(sql`select id from task where state = 'running' and immediate`),
  );
  api.kill();
  assert.equal(await call, undefined);
  released.resolve();
  await blocker;
  const row = await c.ended(id, 15);
  assert.deepEqual([row.state, row.error], ['failed', { reason: 'Worker has gone missing.' }]);
  assert.equal((await other.get(body.pulp_href)).body.description, null);
  assert.equal((await other.done('PATCH', body.pulp_href, { description: 'at last' })).state, 'completed');
  assert.equal((await other.get(body.pulp_href)).body.description, 'at last');
  await other.stop();
});

test('content killed in the middle of an on-demand fetch: nothing damaged, the next request works', async () => {
  const [api, content] = [await c.start('api'), await c.start('content')];
  const text = randomText(24 << 20);
  const url = upstream.publish('slow', { 'big.bin': text });
  upstream.behaviours.set('/slow/big.bin', async (response, body) => {
    response.writeHead(200, { 'content-length': body.length });
    for (let at = 0; at < body.length && !response.destroyed; at += 1 << 20) {
      response.write(body.subarray(at, at + (1 << 20)));
      await sleep(50);
    }
    response.end();
  });
  const remote = await api.call('POST', 'remotes/file/file/', { name: c.name('slow'), url, policy: 'on_demand' });
  const repository = (await api.call('POST', 'repositories/file/file/', { name: c.name('slow') })).body.pulp_href;
  assert.equal((await api.done('POST', `${repository}sync/`, { remote: remote.body.pulp_href })).state, 'completed');
  assert.equal((await api.done('POST', 'publications/file/file/', { repository })).state, 'completed');
  const base = c.name('slow');
  await api.done('POST', 'distributions/file/file/', { name: base, base_path: base, repository });
  const path = `/pulp/content/${base}/big.bin`;

  const broken = await fetch(content.url + path);
  const reader = broken.body!.getReader();
  await reader.read();
  content.kill();
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  });
  const again = await c.start('content');
  upstream.behaviours.delete('/slow/big.bin');
  const whole = await fetch(again.url + path);
  assert.equal(whole.status, 200);
  assert.ok((await whole.text()) === text);
  await until('it is kept', async () =>
    c.db.row(
      sql`select from artifact where encode(sha256, 'hex') = ${createHash('sha256').update(text).digest('hex')}`,
    ),
  );
  assert.deepEqual(await c.damagedArtifacts(), []);
  await Promise.all([api.stop(), again.stop()]);
});
