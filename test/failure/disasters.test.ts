/** Tests of the worst: a sync that is cut off, a full disk, everything killed at once. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { useUpstream } from '../content/upstream.ts';
import { fileForm, leftovers, randomText, until, useCluster } from './cluster.ts';

const c = await useCluster({}, { ownPostgres: true });
const upstream = await useUpstream();
const api = await c.start('api');

async function newRepository(): Promise<string> {
  return (await api.call('POST', 'repositories/file/file/', { name: c.name('repository') })).body.pulp_href;
}

async function newRemote(url: string): Promise<string> {
  const { status, body } = await api.call('POST', 'remotes/file/file/', { name: c.name('remote'), url });
  assert.equal(status, 201, JSON.stringify(body));
  return body.pulp_href;
}

test('kill -9 of a worker in the middle of a sync of 10,000 files: as if it had not begun, the next one completes', async () => {
  const files = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`${n % 100}/${n}.txt`, `file ${n}`]));
  const remote = await newRemote(upstream.publish('many', files));
  const repository = await newRepository();
  const before = (await api.get(repository)).body;
  const worker = await c.start('worker');
  const { body } = await api.call('POST', `${repository}sync/`, { remote });
  await until('a thousand files were fetched', () => upstream.requests.length > 1000, 30);
  assert.equal((await api.get(body.task)).body.state, 'running');
  worker.kill();
  const second = await c.start('worker');
  const ended = await api.task(body.task, 20);
  assert.deepEqual([ended.state, ended.error], ['failed', { reason: 'Worker has gone missing.' }]);
  const unchanged = (await api.get(repository)).body;
  assert.equal(unchanged.latest_version_href, before.latest_version_href);
  assert.equal((await api.get(before.versions_href)).body.count, 1);
  const held = await c.db.rows(sql`select from task_resource where resource = ${unchanged.prn}`);
  assert.equal(held.length, 0);
  const incomplete = await c.db.rows(sql`select from repository_version where not complete`);
  assert.equal(incomplete.length, 0);

  const next = await api.done('POST', `${repository}sync/`, { remote }, 60);
  assert.equal(next.state, 'completed', JSON.stringify(next.error));
  const version = (await api.get((await api.get(repository)).body.latest_version_href)).body;
  assert.equal(version.number, 1);
  assert.equal(version.content_summary.present['file.file'].count, 10_000);
  await second.stop();
});

test('everything is killed at once, the database too: it recovers by itself and has what it said it has', async () => {
  const [web, worker] = [await c.start('api'), await c.start('worker')];
  const stored: { href: string; sha256: string }[] = [];
  const long = await c.dispatch('sleep', { interval: 600 }, ['power']);
  await c.running(long);
  let on = true;
  const clients = Array.from({ length: 3 }, async () => {
    while (on) {
      const text = randomText(64 << 10);
      const answer = await web.call('POST', 'artifacts/', fileForm(text)).catch(() => undefined);
      if (answer?.status === 201) stored.push({ href: answer.body.pulp_href, sha256: answer.body.sha256 });
    }
  });
  await until('some are stored', () => stored.length > 20);
  await c.postgres!.signal('SIGKILL');
  for (const member of c.members) member.kill();
  on = false;
  await Promise.all(clients);
  await c.postgres!.stop();
  await c.postgres!.start();
  const [after, newWorker] = [await c.start('api'), await c.start('worker')];
  for (const { href, sha256 } of stored) {
    const { status, body } = await after.get(href);
    assert.deepEqual([status, body.sha256], [200, sha256]);
  }
  assert.deepEqual(await c.damagedArtifacts(), []);
  assert.deepEqual((await c.ended(long, 20)).error, { reason: 'Worker has gone missing.' });
  assert.equal((await c.ended(await c.dispatch('dummy_task', {}, ['power']))).state, 'completed');
  assert.ok(worker.ended);
  await Promise.all([after.stop(), newWorker.stop()]);
});

/** A file system of a few megabytes; undefined where nobody may make one. */
function smallDisk(path: string): boolean {
  try {
    mkdirSync(path);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'none', path], { stdio: 'ignore' });
    after(() => execFileSync('umount', ['-l', path]));
    return true;
  } catch {
    return false;
  }
}

test('the disk is full: 507 and nothing left behind; the task fails with the reason; the server lives', async (t) => {
  const media = join(c.data, 'small');
  if (!smallDisk(media)) return t.skip('file systems cannot be mounted here');
  const flags = { 'media-root': media };
  const [web, worker] = [await c.start('web', flags), await c.start('worker', flags)];
  const big = randomText(8 << 20);
  const { status, body } = await web.call('POST', 'artifacts/', fileForm(big));
  assert.equal(status, 507, JSON.stringify(body));
  assert.match(body.detail, /storage is full/);
  const files = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`${n}.bin`, randomText(1 << 20)]));
  const repository = (await web.call('POST', 'repositories/file/file/', { name: c.name('full') })).body.pulp_href;
  const url = upstream.publish('big', files);
  const remote = (await web.call('POST', 'remotes/file/file/', { name: c.name('full'), url })).body.pulp_href;
  const failed = await web.done('POST', `${repository}sync/`, { remote });
  assert.equal(failed.state, 'failed');
  assert.match(JSON.stringify(failed.error), /no space left|storage is full/i);
  await until('no temporary file is left', () => leftovers(media, 'tmp', 'files').length === 0);
  const small = await web.call('POST', 'artifacts/', fileForm('small'));
  assert.ok(small.status === 201 || small.status === 507);
  const page = await fetch(`${web.url}/pulp/content/`);
  assert.equal(page.status, 200);
  assert.equal((await web.get('status/')).status, 200);
  await Promise.all([web.stop(), worker.stop()]);
});
