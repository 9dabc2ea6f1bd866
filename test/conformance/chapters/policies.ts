/** When bytes are fetched: at once, when a client asks, or each time it asks; clients see the same bytes in all cases. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Of } from '../../../src/lib/crypto/digest.ts';
import type { Place } from '../place.ts';
import type { Json, SampleUnit } from '../plugin-conformance.ts';
import { withOtherBytes } from '../sample-upstream.ts';
import type { Suite } from '../suite.ts';

export function policiesChapter(suite: Suite): void {
  const { kept, removed, before } = suite.description.samples;
  const units = [kept, removed, before];

  suite.check('policies: immediate has all bytes here after the sync', ['sync', 'distributions'], async (place) => {
    const { repository } = await place.synced(units, place.atOnce);
    for (const unit of units) assert.equal(await hasBytes(place, unit), true, unit.path);
    const distribution = await place.serving(repository);
    place.source.tree = {};
    await place.assertServed(distribution, units);
    await assertParts(place, distribution, kept);
  });

  suite.check(
    'policies: on_demand fetches bytes once, when a client asks',
    ['on demand', 'distributions'],
    async (place) => {
      const { repository } = await place.synced(units, { policy: 'on_demand' });
      const distribution = await place.serving(repository);
      assert.equal(await hasBytes(place, kept), false);
      const { tree } = place.source;
      place.source.tree = {};
      assert.ok((await place.fetch(distribution, kept.path)).status >= 400, 'upstream is gone');
      place.source.tree = tree;
      await place.assertServed(distribution, units);
      for (const unit of units) await untilBytes(place, unit);
      place.source.tree = {};
      await place.assertServed(distribution, units);
      await assertParts(place, distribution, kept);
    },
  );

  suite.check('policies: streamed keeps no bytes', ['on demand', 'distributions'], async (place) => {
    const { repository } = await place.synced(units, { policy: 'streamed' });
    const distribution = await place.serving(repository);
    await place.assertServed(distribution, units);
    await assertParts(place, distribution, kept);
    for (const unit of units) assert.equal(await hasBytes(place, unit), false, unit.path);
  });

  for (const policy of ['on_demand', 'streamed']) {
    suite.check(
      `policies: ${policy} never passes other bytes than promised`,
      ['on demand', 'distributions'],
      async (place) => {
        const { repository } = await place.synced(units, { policy });
        const distribution = await place.serving(repository);
        place.source.tree = withOtherBytes(place.source.tree, kept.bytes);
        assert.equal(await isWhole(place, distribution, kept), false);
        assert.equal(await hasBytes(place, kept), false);
        await place.assertServed(distribution, [removed, before]);
      },
    );
  }

  suite.check(
    'policies: a sync that turns immediate brings the bytes',
    ['on demand', 'distributions'],
    async (place) => {
      const { repository, remote } = await place.synced(units, { policy: 'on_demand' });
      await place.change(remote.pulp_href, { policy: 'immediate' });
      await place.sync(repository, remote, suite.description.upstream!.additive ?? {});
      for (const unit of units) assert.equal(await hasBytes(place, unit), true, unit.path);
      assert.equal(await place.latest(repository), 1);
    },
  );
}

/** Whether a client gets an answer that seems to be complete. */
async function isWhole(place: Place, distribution: Json, { path }: SampleUnit): Promise<boolean> {
  try {
    const response = await place.fetch(distribution, path);
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

async function hasBytes(place: Place, { bytes }: SampleUnit): Promise<boolean> {
  return (await place.count(`artifacts/?sha256=${sha256Of(bytes)}`)) === 1;
}

/** What was fetched for a client is kept after its answer. */
async function untilBytes(place: Place, unit: SampleUnit): Promise<void> {
  for (const end = Date.now() + 20_000; !(await hasBytes(place, unit)); await sleep(50))
    assert.ok(Date.now() < end, `the bytes of ${unit.path} were not kept`);
}

async function assertParts(place: Place, distribution: Json, { path, bytes }: SampleUnit): Promise<void> {
  const part = await place.fetch(distribution, path, { headers: { range: 'bytes=2-5' } });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get('content-range'), `bytes 2-5/${bytes.length}`);
  assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(2, 6)));
  const head = await place.fetch(distribution, path, { method: 'HEAD' });
  assert.equal(head.status, 200);
  // Of bytes that are not here, the length is known only where upstream's index tells it.
  const length =
    head.headers.get('content-length') ?? ((await hasBytes(place, { path, bytes })) ? 'none' : String(bytes.length));
  assert.equal(length, String(bytes.length));
}
