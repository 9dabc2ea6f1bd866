/** Taking a run back: after retention, orphan cleanup and deletions; and what is kept for it goes in the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { type Json, type Peer, startPeer } from './servers.ts';

const STORES = ['repositories/file/file/', 'remotes/file/file/'];

async function cleanUp(peer: Peer): Promise<void> {
  const { body } = await peer.call('POST', 'orphans/cleanup/', { orphan_protection_time: 0 });
  await peer.task(body.task);
}

test('a run is taken back after retention, cleanup and deletions', { timeout: 240_000 }, async (t) => {
  const [upstream, replica] = await Promise.all([startPeer(), startPeer({ settings: { workers: 2 } })]);
  const [changed, renamed] = [
    await upstream.serve('changed', { f: 'old' }),
    await upstream.serve('renamed', { f: 'same' }),
  ];
  await upstream.change(changed.repository, { retain_repo_versions: 1 });
  const gone = await upstream.serve('gone', { f: 'gone' });
  const href = await replica.upstream(upstream.server, { remote_policy: 'on_demand' });
  assert.deepEqual((await replica.replicate(href)).errors, []);
  const hand = await replica.serve('by-hand', { f: 'hand' });

  const before = await shape();
  async function shape(): Promise<Json> {
    const { results } = await replica.get('distributions/file/file/?ordering=name');
    return results.map(
      ({ pulp_created: _, pulp_last_updated: __, no_content_change_since: ___, ...rest }: Json) => rest,
    );
  }
  const reads = async () => {
    const paths = ['changed/f', 'renamed/f', 'gone/f', 'fresh/f', 'by-hand/f'];
    return await Promise.all(paths.map((path) => replica.read(path)));
  };

  assert.deepEqual(await reads(), ['old', 'same', 'gone', 404, 'hand']);
  await upstream.publish(changed.repository, { f: 'new' });
  await upstream.change(renamed.distribution.pulp_href, { name: 'other-name' });
  await upstream.remove(gone.distribution.pulp_href);
  await upstream.serve('fresh', { f: 'fresh' });
  assert.deepEqual((await replica.replicate(href)).errors, []);
  assert.deepEqual(await reads(), ['new', 'same', 404, 'fresh', 404]);
  const run = await replica.lastRun(href);

  /** Which texts there are units of. */
  const held = async () => {
    const units: Json[] = (await replica.get('content/file/files/')).results;
    return ['gone', 'hand', 'fresh'].filter((text) => units.some((one) => one.sha256 === sha256Of(text)));
  };

  await t.test('what the run has removed is not seen, and what is needed to take it back is kept', async () => {
    for (const list of STORES) assert.deepEqual(await replica.names(list), ['changed', 'fresh', 'other-name'], list);
    assert.deepEqual(await replica.names('repositories/'), ['changed', 'fresh', 'other-name']);
    assert.equal((await replica.call('GET', hand.repository)).status, 404);
    await cleanUp(replica);
    const served = before.find((one: Json) => one.name === 'changed').repository_version;
    assert.ok((await replica.get(served)).pulp_href, 'the former version outlives retention');
    const refused = await replica.call('DELETE', served);
    assert.ok(refused.status >= 400 || (await replica.task(refused.body.task).catch(() => 'failed')) === 'failed');
    assert.deepEqual((await replica.plan(href)).body.items, []);
  });

  await t.test('everything returns: pointers, names, bytes, and what was made by hand', async () => {
    await replica.make(`${run.pulp_href}rollback/`, {});
    assert.deepEqual(await reads(), ['old', 'same', 'gone', 404, 'hand']);
    assert.deepEqual(await shape(), before);
    assert.ok((await replica.names(STORES[0])).includes('gone'));
    assert.ok((await replica.names(STORES[0])).includes('by-hand'));
    assert.ok((await replica.names(STORES[1])).includes('gone'));
    const again = await replica.call('POST', `${run.pulp_href}rollback/`, {});
    assert.equal(again.status, 409);
  });

  await t.test(
    'the next run does it again without fetching, and the one after it lets go of what was kept',
    async () => {
      const result = await replica.replicate(href);
      assert.deepEqual(result.errors, []);
      assert.ok(!result.tasks.some((task) => task.name.includes('synchronize')));
      assert.deepEqual(await reads(), ['new', 'same', 404, 'fresh', 404]);
      await cleanUp(replica);
      assert.deepEqual(await held(), ['gone', 'hand', 'fresh']);
      await upstream.publish(changed.repository, { f: 'newest' });
      assert.deepEqual((await replica.replicate(href)).errors, []);
      await cleanUp(replica);
      assert.deepEqual(await held(), ['fresh']);
      await replica.make(`${(await replica.lastRun(href)).pulp_href}rollback/`, {});
      assert.deepEqual(await reads(), ['new', 'same', 404, 'fresh', 404]);
    },
  );

  await t.test('with the upstream goes what was kept for its runs', async () => {
    const fresh = await upstream.distribution('fresh');
    await upstream.remove(fresh.pulp_href);
    assert.deepEqual((await replica.replicate(href)).errors, []);
    await replica.remove(href);
    await cleanUp(replica);
    assert.deepEqual(await held(), []);
  });
});
