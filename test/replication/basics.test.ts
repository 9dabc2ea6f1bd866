/** Replication between two real servers: first run, unchanged run, changes, renames, swaps, deletes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPeer } from './servers.ts';

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
