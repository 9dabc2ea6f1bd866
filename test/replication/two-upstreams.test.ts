/** Several upstreams in one domain, conflicts, failures, renames and undo: on three real servers of ours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPeer } from './servers.ts';

test('replication between three servers', { timeout: 300_000 }, async (t) => {
  const [a, b, replica] = await Promise.all([startPeer(), startPeer(), startPeer({ settings: { workers: 2 } })]);
  const one = await a.serve('one', { f: 'one' });
  const two = await a.serve('two', { f: 'two' });
  await b.serve('three', { f: 'three' });
  const fromA = await replica.upstream(a.server, { name: 'A', api_root: 'pulp' });
  const fromB = await replica.upstream(b.server, { name: 'B' });

  await t.test('two upstreams under policy all do not erase each other, in any order and at once', async () => {
    for (const order of [
      [fromA, fromB],
      [fromB, fromA],
      [fromA, fromB],
    ]) {
      for (const href of order) assert.deepEqual((await replica.replicate(href)).errors, []);
      assert.deepEqual(await replica.names(), ['one', 'three', 'two']);
    }
    const both = await Promise.all([replica.replicate(fromA), replica.replicate(fromB)]);
    assert.deepEqual(
      both.flatMap(({ errors }) => errors),
      [],
    );
    assert.deepEqual(await replica.names(), ['one', 'three', 'two']);
    assert.deepEqual([await replica.read('one/f'), await replica.read('three/f')], ['one', 'three']);
    assert.equal((await replica.get(fromA)).api_root, '/pulp/');
  });

  await t.test('an overlap is told by names of both before anything is written', async () => {
    const other = await b.serve('one', { f: 'not yours' });
    for (const policy of ['all', 'labeled', 'nodelete']) {
      await replica.change(fromB, { policy });
      const before = JSON.stringify(await replica.get('distributions/file/file/'));
      const result = await replica.replicate(fromB);
      assert.equal(result.state, 'failed', policy);
      assert.match(result.errors[0]!, /PLP0018.*upstream 'B'/);
      assert.match(
        result.errors[0]!,
        /owned_by_other_upstream: file\.file distribution 'one' .* 'one' .*\(of upstream 'A'\); remedy: /,
      );
      assert.equal(result.data[0].conflicts[0].kind, 'owned_by_other_upstream');
      assert.equal(JSON.stringify(await replica.get('distributions/file/file/')), before);
      const run = await replica.lastRun(fromB);
      assert.equal(run.state, 'blocked');
      assert.equal(run.error.conflicts[0].owner, 'A');
      assert.equal((await replica.plan(fromB)).status, 409);
    }
    assert.equal(await replica.read('one/f'), 'one');
    await replica.change(fromB, { policy: 'all', on_failure: 'exclude' });
    await b.publish((await b.distribution('three')).repository, { f: 'three!' });
    assert.deepEqual((await replica.replicate(fromB)).errors, []);
    assert.equal((await replica.lastRun(fromB)).state, 'partial');
    assert.deepEqual([await replica.read('one/f'), await replica.read('three/f')], ['one', 'three!']);
    await replica.change(fromB, { on_failure: 'abort' });
    await b.remove(other.distribution.pulp_href);
  });

  await t.test('labeled leaves alone what was made by hand, and says so', async () => {
    const hand = await replica.serve('hand', { f: 'mine' });
    await a.serve('hand', { f: 'theirs' });
    await replica.change(fromA, { policy: 'labeled' });
    const result = await replica.replicate(fromA);
    assert.match(result.errors[0]!, /local_unlabeled: .*'hand'.*made here by hand/s);
    assert.equal(await replica.read('hand/f'), 'mine');
    assert.deepEqual((await replica.distribution('hand')).pulp_labels, {});
    await replica.remove(hand.distribution.pulp_href);
    await replica.remove(hand.repository);
    assert.deepEqual((await replica.replicate(fromA)).errors, []);
    assert.equal(await replica.read('hand/f'), 'theirs');
  });

  await t.test('nested base paths are found in the plan', async () => {
    await replica.serve('deep', { f: 'deep' }, { base_path: 'nest/deep' });
    const nest = await a.serve('nest', { f: 'nest' });
    const result = await replica.replicate(fromA);
    assert.match(result.errors[0]!, /base_path_nested: .*'nest' at 'nest' against .*'deep' at 'nest\/deep'.*remedy/);
    assert.equal(result.tasks.length, 1);
    await a.remove(nest.distribution.pulp_href);
  });

  await t.test('a selective run brings what was asked for and deletes nothing', async () => {
    await a.publish(one.repository, { f: 'one+' });
    await a.publish(two.repository, { f: 'two+' });
    const before = (await replica.get(fromA)).last_replication;
    assert.deepEqual((await replica.replicate(fromA, { q_select: 'name=one' })).errors, []);
    assert.deepEqual([await replica.read('one/f'), await replica.read('two/f')], ['one+', 'two']);
    assert.equal((await replica.get(fromA)).last_replication, before);
    assert.deepEqual((await replica.replicate(fromA)).errors, []);
    assert.equal(await replica.read('two/f'), 'two+');
    assert.notEqual((await replica.get(fromA)).last_replication, before);
  });

  await t.test('renames, moves and swaps keep objects, and readers see no gap', async () => {
    const ids = [(await replica.distribution('one')).prn, (await replica.distribution('two')).prn];
    const seen = new Set<string | number>();
    let reading = true;
    const reader = (async () => {
      while (reading) seen.add(await replica.read('one/f'));
    })();
    const [up1, up2] = [await a.distribution('one'), await a.distribution('two')];
    await a.change(up1.pulp_href, { name: 'uno' });
    assert.deepEqual((await replica.replicate(fromA)).errors, []);
    assert.equal((await replica.distribution('uno')).prn, ids[0]);
    assert.equal((await replica.names('repositories/file/file/')).includes('uno'), true);
    await a.change(up1.pulp_href, { base_path: 'tmp' });
    await a.change(up2.pulp_href, { base_path: 'one' });
    await a.change(up1.pulp_href, { base_path: 'two' });
    assert.deepEqual((await replica.replicate(fromA)).errors, []);
    reading = false;
    await reader;
    assert.deepEqual([...seen].sort(), ['one+', 'two+']);
    assert.deepEqual([await replica.read('one/f'), await replica.read('two/f')], ['two+', 'one+']);
    assert.deepEqual([(await replica.distribution('uno')).prn, (await replica.distribution('two')).prn], ids);
  });

  await t.test('a run can wait for its activation, and be taken back', async () => {
    await replica.change(fromA, { activate: 'manual' });
    await a.publish(one.repository, { f: 'later' });
    const extra = await a.serve('extra', { f: 'extra' });
    assert.deepEqual((await replica.replicate(fromA)).errors, []);
    const ready = await replica.lastRun(fromA);
    assert.equal(ready.state, 'ready');
    assert.equal(await replica.read('two/f'), 'one+');
    assert.equal(await replica.read('extra/f'), 404);
    await replica.make(`${ready.pulp_href}activate/`, {});
    assert.deepEqual([await replica.read('two/f'), await replica.read('extra/f')], ['later', 'extra']);
    await replica.make(`${ready.pulp_href}rollback/`, {});
    assert.deepEqual([await replica.read('two/f'), await replica.read('extra/f')], ['one+', 404]);
    assert.equal((await replica.lastRun(fromA)).state, 'rolled_back');
    await replica.change(fromA, { activate: 'auto' });
    const again = await replica.replicate(fromA);
    assert.deepEqual(again.errors, []);
    assert.ok(!again.tasks.some((task) => task.name.includes('synchronize')), 'what was fetched is not fetched again');
    assert.equal(await replica.read('two/f'), 'later');
    await a.remove(extra.distribution.pulp_href);
    assert.deepEqual((await replica.replicate(fromA)).errors, []);
    assert.equal(await replica.read('extra/f'), 404);
    assert.ok(!(await replica.names('repositories/file/file/')).includes('extra'));
    assert.ok(!(await replica.names('remotes/file/file/')).includes('extra'));
  });

  await t.test('with a common owner_key one upstream takes over from the other without a gap', async () => {
    for (const href of [fromA, fromB]) await replica.change(href, { owner_key: 'pair', policy: 'labeled' });
    await b.serve('hand', { f: 'from B' });
    const seen = new Set<string | number>();
    let reading = true;
    const reader = (async () => {
      while (reading) seen.add(await replica.read('hand/f'));
    })();
    assert.deepEqual((await replica.replicate(fromB)).errors, []);
    assert.equal((await replica.distribution('hand')).pulp_labels.UpstreamPulp, fromB.split('/').at(-2));
    assert.deepEqual((await replica.replicate(fromA)).errors, []);
    reading = false;
    await reader;
    assert.deepEqual([...seen].sort(), ['from B', 'theirs']);
  });

  await t.test('too many deletions are refused', async () => {
    await replica.change(fromA, { max_delete: '0' });
    const gone = await a.distribution('hand');
    await a.remove(gone.pulp_href);
    await replica.change(fromB, { owner_key: null });
    const result = await replica.replicate(fromA);
    assert.match(
      result.errors[0]!,
      /too_many_deletes: 1 distributions would be deleted: 'hand' against max_delete allows 0/,
    );
    assert.equal(await replica.read('hand/f'), 'theirs');
  });
});
