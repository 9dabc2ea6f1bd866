/** Replication between two real servers: first run, unchanged run, changes, renames, swaps, deletes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { startPeer } from './servers.ts';

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

test('a first run brings everything, a second one changes nothing', async () => {
  const [upstream, replica] = await Promise.all([startPeer(), startPeer({ settings: { workers: 2 } })]);
  await upstream.serve('one', { 'a.txt': 'A', 'dir/b+c.txt': 'B' }, { pulp_labels: { tier: 'gold' }, hidden: true });
  await upstream.serve('two', { 'x.txt': 'X' });
  const href = await replica.upstream(upstream.server);
  const first = await replica.replicate(href);
  assert.deepEqual(first.errors, []);
  assert.deepEqual(await replica.names(), ['one', 'two']);
  assert.equal(await replica.read('one/dir/b+c.txt'), 'B');
  const one = await replica.distribution('one');
  const id = href.split('/').at(-2);
  assert.deepEqual(one.pulp_labels, { tier: 'gold', UpstreamPulp: id });
  assert.equal(one.hidden, true);
  assert.equal(one.repository, null);
  assert.ok(one.repository_version);
  const second = await replica.replicate(href);
  assert.equal(second.tasks.length, 1, JSON.stringify(second.tasks.map((task) => task.name)));
  assert.equal((await replica.lastRun(href)).state, 'active');
  assert.equal((await replica.get(`${href}status/`)).in_sync, true);
});

test('credentials reach guarded content; guards, retention and descriptions come along', async () => {
  const [upstream, replica] = await Promise.all([startPeer(), startPeer()]);
  const guard = await upstream.make('contentguards/core/rbac/', { name: 'members' });
  const { repository } = await upstream.serve('closed', { f: 'secret' }, { content_guard: guard.pulp_href });
  await upstream.change(repository, { description: 'the closed one', retain_repo_versions: 7 });
  assert.equal((await fetch(`${upstream.server.url}/pulp/content/closed/f`)).status, 403);
  const href = await replica.upstream(upstream.server, { remote_policy: 'on_demand' });
  assert.deepEqual((await replica.replicate(href)).errors, []);
  assert.equal(await replica.read('closed/f'), 'secret');
  const [copy] = (await replica.get('repositories/file/file/')).results;
  assert.deepEqual([copy.name, copy.description, copy.retain_repo_versions], ['closed', 'the closed one', 7]);
  const [remote] = (await replica.get('remotes/file/file/')).results;
  assert.equal(remote.policy, 'on_demand');
  assert.equal(remote.hidden_fields.find((one: { name: string }) => one.name === 'password').is_set, true);

  await replica.change(href, { copy_guards: true });
  assert.match((await replica.replicate(href)).errors[0]!, /unsupported: .*'closed'.*content guard 'members'/);
  const own = await replica.make('contentguards/core/rbac/', { name: 'members' });
  assert.deepEqual((await replica.replicate(href)).errors, []);
  assert.equal((await replica.distribution('closed')).content_guard, own.pulp_href);
  assert.equal((await fetch(`${replica.server.url}/pulp/content/closed/f`)).status, 403);

  await replica.change(href, { remote_policy: 'immediate' });
  const result = await replica.replicate(href);
  assert.deepEqual(result.errors, []);
  assert.equal((await replica.get('remotes/file/file/')).results[0].policy, 'immediate');
});

test('the command plans, runs, compares and takes back', async () => {
  const [upstream, replica] = await Promise.all([startPeer(), startPeer()]);
  await upstream.serve('one', { f: '1' });
  await replica.upstream(upstream.server, { name: 'far' });
  const deckle = (act: string) => {
    const words = [main, 'replicate', act, 'far', '--url', replica.server.url, '--data', replica.server.data];
    return new Promise<{ status: number; out: string }>((resolve) => {
      execFile(process.execPath, words, (error, stdout, stderr) =>
        resolve({ status: error ? Number(error.code) : 0, out: stdout + stderr }),
      );
    });
  };
  assert.match((await deckle('plan')).out, /create\tfile\.file distribution one at one/);
  assert.equal((await deckle('status')).status, 1);
  const run = await deckle('run');
  assert.equal(run.status, 0, run.out);
  assert.match(run.out, /Syncing repositories: [01]\/1/);
  assert.match(run.out, /Run active: 1 create/);
  assert.match((await deckle('status')).out, /In sync/);
  assert.match((await deckle('rollback')).out, /Took back/);
  assert.equal(await replica.read('one/f'), 404);
});
