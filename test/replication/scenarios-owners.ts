/** Flaws F1 to F8: who owns what, what is remembered between runs, and conflicts. */
import assert from 'node:assert/strict';
import type { Scenarios } from './world.ts';

const FILES = 'distributions/file/file/';

export const ownerScenarios: Scenarios = {
  'F1: two upstreams under policy all do not erase each other, and an overlap is told before any write': async (
    world,
  ) => {
    const { replica, a, b } = world;
    await a.serve('lemon', { f: 'lemon' });
    await b.serve('melon', { f: 'melon' });
    const [fromA, fromB] = [await replica.upstream(a, { name: 'A' }), await replica.upstream(b, { name: 'B' })];
    for (const href of [fromA, fromB, fromB, fromA]) {
      assert.deepEqual((await replica.replicate(href)).errors, []);
    }
    assert.deepEqual(await replica.names(), ['lemon', 'melon']);
    await b.serve('lemon', { f: 'another lemon' });
    const before = await world.everything();
    const overlap = await replica.replicate(fromB);
    assert.match(overlap.errors.join(), /owned_by_other_upstream: .*'lemon'.*upstream 'A'.*remedy/);
    assert.equal(overlap.tasks.length, 1);
    assert.equal(await world.everything(), before);
    assert.deepEqual([await replica.read('lemon/f'), await replica.read('melon/f')], ['lemon', 'melon']);
  },

  'F2: a distribution pinned upstream that was lost here comes back with its content': async ({ replica, a }) => {
    const { repository, distribution } = await a.serve('pinned', { f: 'first' });
    const version = (await a.get(repository)).latest_version_href;
    const [publication] = (await a.get(`publications/file/file/?repository_version=${version}`)).results;
    await a.change(distribution.pulp_href, { repository: null, publication: publication.pulp_href });
    await a.publish(repository, { f: 'second' });
    const href = await replica.upstream(a);
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.equal(await replica.read('pinned/f'), 'first');
    await replica.remove((await replica.distribution('pinned')).pulp_href);
    for (const list of ['repositories/file/file/', 'remotes/file/file/']) {
      for (const { pulp_href } of (await replica.get(list)).results) await replica.remove(pulp_href);
    }
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.equal(await replica.read('pinned/f'), 'first');
  },

  'F3: labeled names what another upstream owns and writes nothing, or leaves it out by name': async (world) => {
    const { replica, a, b } = world;
    await a.serve('shared', { f: 'from A' });
    await b.serve('shared', { f: 'from B' });
    await b.serve('extra', { f: 'extra' });
    const fromA = await replica.upstream(a, { name: 'A', policy: 'labeled' });
    const fromB = await replica.upstream(b, { name: 'B', policy: 'labeled' });
    assert.deepEqual((await replica.replicate(fromA)).errors, []);
    const before = await world.everything();
    const blocked = await replica.replicate(fromB);
    assert.match(blocked.errors.join(), /'shared'.*upstream 'A'/);
    assert.equal(await world.everything(), before);
    await replica.change(fromB, { on_failure: 'exclude' });
    assert.deepEqual((await replica.replicate(fromB)).errors, []);
    const run = await replica.lastRun(fromB);
    assert.equal(run.state, 'partial');
    const left = run.items.find((item: { name: string }) => item.name === 'shared');
    assert.deepEqual(
      [left.state, left.conflict.kind, left.conflict.owner],
      ['conflict', 'owned_by_other_upstream', 'A'],
    );
    assert.deepEqual([await replica.read('shared/f'), await replica.read('extra/f')], ['from A', 'extra']);
  },

  'F4: labeled never touches what was made by hand': async (world) => {
    const { replica, a } = world;
    await replica.serve('own', { f: 'mine' });
    await replica.serve('other-name', { f: 'mine too' }, { base_path: 'place' });
    await a.serve('own', { f: 'theirs' });
    await a.serve('placed', { f: 'theirs' }, { base_path: 'place' });
    const href = await replica.upstream(a, { policy: 'labeled' });
    const before = await world.everything();
    const result = await replica.replicate(href);
    assert.match(result.errors.join(), /local_unlabeled: .*'own'/);
    assert.match(result.errors.join(), /base_path_taken: .*'placed'.*'other-name' at 'place' \(made here by hand\)/);
    await replica.change(href, { on_failure: 'exclude' });
    await replica.replicate(href);
    assert.equal(await world.everything(), before);
    assert.deepEqual([await replica.read('own/f'), await replica.read('place/f')], ['mine', 'mine too']);
  },

  'F5: when one item fails, no rename, move, label, flag or delete is seen': async (world) => {
    const { replica, a, serveBroken } = world;
    for (const name of ['renamed', 'moved', 'labelled', 'deleted', 'changed']) await a.serve(name, { f: name });
    const href = await replica.upstream(a, { max_retries: 0 });
    assert.deepEqual((await replica.replicate(href)).errors, []);
    const seen = async () => JSON.stringify((await replica.get(`${FILES}?ordering=name`)).results);
    const before = await seen();
    const of = async (name: string) => (await a.distribution(name)).pulp_href;
    await a.change(await of('renamed'), { name: 'new-name' });
    await a.change(await of('moved'), { base_path: 'elsewhere' });
    await a.change(await of('labelled'), { pulp_labels: { a: 'b' }, hidden: true });
    await a.remove(await of('deleted'));
    await a.publish((await a.distribution('changed')).repository, { f: 'changed!' });
    const broken = await serveBroken(a, 'broken');
    const failed = await replica.replicate(href);
    assert.equal(failed.state, 'failed');
    assert.match(failed.errors.join(), /'broken'/);
    assert.equal(await seen(), before);
    for (const name of ['renamed', 'moved', 'labelled', 'deleted', 'changed']) {
      assert.equal(await replica.read(`${name}/f`), name);
    }
    await a.remove(broken.distribution.pulp_href);
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.deepEqual(await replica.names(), ['changed', 'labelled', 'moved', 'new-name']);
    assert.deepEqual([await replica.read('changed/f'), await replica.read('deleted/f')], ['changed!', 404]);
  },

  'F6: a selective run leaves the mark of full runs alone': async ({ replica, a }) => {
    const [one, two] = [await a.serve('one', { f: '1' }), await a.serve('two', { f: '2' })];
    const href = await replica.upstream(a);
    assert.deepEqual((await replica.replicate(href)).errors, []);
    const mark = (await replica.get(href)).last_replication;
    await a.publish(two.repository, { f: '2+' });
    await a.serve('three', { f: '3' });
    await a.publish(one.repository, { f: '1+' });
    assert.deepEqual((await replica.replicate(href, { q_select: 'name="one"' })).errors, []);
    assert.equal((await replica.get(href)).last_replication, mark);
    assert.deepEqual(
      [await replica.read('one/f'), await replica.read('two/f'), await replica.read('three/f')],
      ['1+', '2', 404],
    );
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.deepEqual(
      [await replica.read('one/f'), await replica.read('two/f'), await replica.read('three/f')],
      ['1+', '2+', '3'],
    );
  },

  'F7: what cannot be replicated is named, and does not stop the others when it is left out': async ({
    replica,
    a,
  }) => {
    const { repository } = await a.serve('plain', { f: 'plain' });
    const more = { name: 'history', base_path: 'history', repository, checkpoint: true };
    await a.make('publications/file/file/', { repository, checkpoint: true });
    await a.make(FILES, more);
    const index = await a.make('repositories/python/python/', { name: 'index' });
    await a.make('distributions/python/pypi/', { name: 'index', base_path: 'index', repository: index.pulp_href });
    const href = await replica.upstream(a);
    const stopped = await replica.replicate(href);
    assert.match(stopped.errors.join(), /unsupported: file\.file distribution 'history'.*checkpoint.*remedy/);
    assert.deepEqual(await replica.names(), []);
    await replica.change(href, { on_failure: 'exclude' });
    const result = await replica.replicate(href);
    assert.deepEqual(result.errors, []);
    assert.deepEqual(await replica.names(), ['plain']);
    assert.deepEqual(await replica.names('distributions/python/pypi/'), ['index']);
    const run = await replica.lastRun(href);
    assert.equal(run.state, 'partial');
    assert.equal(run.items.find((one: { name: string }) => one.name === 'history').conflict.kind, 'unsupported');
  },

  'F8: equal and nested base paths are found in the plan, with both sides, owner and remedy': async (world) => {
    const { replica, a } = world;
    await replica.serve('deep', { f: 'deep' }, { base_path: 'tree/branch/leaf' });
    await replica.serve('flat', { f: 'flat' }, { base_path: 'ground' });
    await a.serve('trunk', { f: 't' }, { base_path: 'tree/branch' });
    await a.serve('root', { f: 'r' }, { base_path: 'ground/below' });
    await replica.serve('mine', { f: 'm' }, { base_path: 'spot' });
    await a.serve('yours', { f: 'y' }, { base_path: 'spot' });
    await a.serve('apart', { f: 'a' }, { base_path: 'tree/br' });
    const href = await replica.upstream(a, { policy: 'labeled' });
    const before = await world.everything();
    const dry = await replica.plan(href);
    assert.equal(dry.status, 409);
    const told = dry.body.conflicts.map((one: Record<string, string>) => [one.kind, one.name, one.owner]);
    assert.deepEqual(told.sort(), [
      ['base_path_nested', 'root', 'local'],
      ['base_path_nested', 'trunk', 'local'],
      ['base_path_taken', 'yours', 'local'],
    ]);
    const result = await replica.replicate(href);
    assert.equal(result.tasks.length, 1);
    assert.match(result.errors.join(), /'trunk' at 'tree\/branch' against .*'deep' at 'tree\/branch\/leaf'.*remedy: /);
    assert.match(result.errors.join(), /'yours' at 'spot' against .*'mine' at 'spot'.*remedy: /);
    assert.equal(await world.everything(), before);
  },
};
