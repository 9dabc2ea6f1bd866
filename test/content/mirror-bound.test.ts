/** A mirror does not lose most of what it has because of one answer of upstream. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { useUpstream } from './upstream.ts';
import { useWorld } from './world.ts';

const world = await useWorld();
const free = await useWorld({ syncMaxRemovedPercent: 100 });
const upstream = await useUpstream();
const numbered = (count: number, prefix = 'f') =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`${prefix}${at}.txt`, `${prefix}${at}`]));

async function mirrored(at: typeof world, directory: string, first: object, then: object) {
  const repository = await at.repository();
  const remote = await at.remote(upstream.publish(directory, { ...first }), 'on_demand');
  await at.sync(repository, remote, { mirror: true });
  upstream.publish(directory, { ...then });
  const again = at.sync(repository, remote, { mirror: true });
  const failure = await again.then(
    () => undefined,
    (error: Error) => error.message,
  );
  return { failure, left: (await at.paths(repository)).length, versions: (await at.versions(repository)).length };
}

test('more than the share that may go stops the sync, and nothing is changed', async () => {
  const { failure, ...after } = await mirrored(world, 'emptied', numbered(240), {});
  assert.match(failure!, /would lose more than 50 % of its 240 units.*sync_max_removed_percent/);
  assert.deepEqual(after, { left: 240, versions: 2 });
});

test('others in their place do not make it less', async () => {
  const { failure, left } = await mirrored(world, 'replaced', numbered(240), numbered(600, 'other'));
  assert.match(failure!, /would lose/);
  assert.equal(left, 240);
});

test('a smaller share goes, and few units go whatever their share is', async () => {
  const half = await mirrored(world, 'half', numbered(240), numbered(120));
  assert.deepEqual(half, { failure: undefined, left: 120, versions: 3 });
  const few = await mirrored(world, 'few', numbered(100), {});
  assert.deepEqual(few, { failure: undefined, left: 0, versions: 3 });
});

test('100 percent sets no bound', async () => {
  const all = await mirrored(free, 'all', numbered(240), {});
  assert.deepEqual(all, { failure: undefined, left: 0, versions: 3 });
});
