/** Syncs: what upstream adds, changes and removes; nothing new; upstreams that are broken. */
import assert from 'node:assert/strict';
import { assertCompleted, type Place } from '../place.ts';
import type { Json } from '../plugin-conformance.ts';
import { withOtherBytes } from '../sample-upstream.ts';
import type { Suite } from '../suite.ts';

export function syncChapter(suite: Suite): void {
  const { samples, upstream } = suite.description;
  const { kept, removed, before, after, added } = samples;
  const first = [kept, removed, before];
  const changed = [kept, after, added];

  suite.check('sync: what upstream adds and changes comes, what it removes stays', ['additive sync'], async (place) => {
    const { repository, remote } = await place.synced(first);
    await place.assertUnits(repository, first);
    const old = (await place.units(repository)).get(before.path);
    place.offer(changed);
    assertCompleted(await place.sync(repository, remote, upstream!.additive));
    await place.assertUnits(repository, [...changed, removed]);
    assert.notEqual((await place.units(repository)).get(after.path).pulp_href, old.pulp_href);
    await place.assertUnits(repository, first, 1);
    assert.equal(await place.latest(repository), 2);
  });

  suite.check('sync: a mirror has what upstream has and no more', ['mirror'], async (place) => {
    place.offer(first);
    const [repository, remote] = [await place.repository(), await place.remote()];
    assertCompleted(await place.sync(repository, remote, upstream!.mirror));
    await place.assertUnits(repository, first);
    place.offer(changed);
    assertCompleted(await place.sync(repository, remote, upstream!.mirror));
    await place.assertUnits(repository, changed);
    place.offer([]);
    assertCompleted(await place.sync(repository, remote, upstream!.mirror));
    await place.assertUnits(repository, []);
    await place.assertUnits(repository, changed, 2);
  });

  suite.check('sync: an unchanged upstream makes no version', ['sync'], async (place) => {
    const { repository, remote } = await place.synced(first);
    const task = assertCompleted(await place.sync(repository, remote, upstream!.additive ?? {}));
    assert.deepEqual(versionsIn(task), []);
    assert.equal(await place.latest(repository), 1);
  });

  suite.check('sync: with optimize nothing is read twice, without it everything', ['optimize'], async (place) => {
    const { repository, remote } = await place.synced(first);
    const codes = (task: Json) => task.progress_reports.map(({ code }: Json) => code);
    assert.ok(codes(await place.sync(repository, remote, upstream!.additive ?? {})).includes('sync.was_skipped'));
    const anew = await place.sync(repository, remote, { ...upstream!.additive, optimize: false });
    assert.ok(!codes(assertCompleted(anew)).includes('sync.was_skipped'));
    assert.equal(await place.latest(repository), 1);
  });

  suite.check(
    'sync: bytes that are not what upstream promised are refused without a trace',
    ['sync'],
    async (place) => {
      const [repository, remote] = [await place.repository(), await place.remote(place.atOnce)];
      place.offer(first);
      place.source.tree = withOtherBytes(place.source.tree, kept.bytes);
      const task = await place.sync(repository, remote, upstream!.additive ?? {});
      assert.equal(task.state, 'failed', JSON.stringify(task.progress_reports));
      await assertNoTrace(place, repository);
    },
  );

  suite.check('sync: an upstream that hangs up in the middle, and is well again', ['sync'], async (place) => {
    const [repository, remote] = [await place.repository(), await place.remote(place.atOnce)];
    place.offer(first);
    const path = place.source.pathOf(kept.bytes);
    place.source.broken.add(path);
    const task = await place.sync(repository, remote, upstream!.additive ?? {});
    assert.equal(task.state, 'failed', JSON.stringify(task.progress_reports));
    await assertNoTrace(place, repository);
    place.source.broken.delete(path);
    assertCompleted(await place.sync(repository, remote, upstream!.additive ?? {}));
    await place.assertUnits(repository, first);
    assert.equal(await place.latest(repository), 1);
  });

  suite.check('sync: an upstream that answers 404 to everything', ['sync'], async (place) => {
    const [repository, remote] = [await place.repository(), await place.remote()];
    const task = await place.sync(repository, remote, upstream!.additive ?? {});
    assert.equal(task.state, 'failed', JSON.stringify(task.progress_reports));
    await assertNoTrace(place, repository);
  });

  for (const { name, tree, says } of upstream?.hostile ?? []) {
    suite.check(`sync: an upstream with ${name}`, ['hostile upstreams'], async (place) => {
      const [repository, remote] = [await place.repository(), await place.remote(place.atOnce)];
      place.source.tree = tree(place.source.origin);
      const task = await place.sync(repository, remote, upstream!.additive ?? {});
      assert.equal(task.state, 'failed', JSON.stringify(task.progress_reports));
      assert.match(task.error.description, says);
      await assertNoTrace(place, repository);
    });
  }
}

/** Versions among what a task has made. */
const versionsIn = (task: Json): string[] =>
  task.created_resources.filter((href: string) => href.includes('/versions/'));

/** A failed sync leaves no version; what it has saved by then belongs to none. */
async function assertNoTrace(place: Place, repository: Json): Promise<void> {
  assert.equal(await place.latest(repository), 0);
  assert.equal(await place.count(`${repository.pulp_href}versions/`), 1);
  const { results } = await place.get(place.list('content'));
  for (const unit of results)
    assert.equal(await place.count(`${place.list('repository')}?with_content=${unit.prn}`), 0);
}
