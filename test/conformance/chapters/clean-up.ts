/** What goes: deletions foreseen by dry runs, orphans, bytes that are reclaimed, damaged files that are repaired. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Of } from '../../../src/lib/crypto/digest.ts';
import { assertCompleted, type Place } from '../place.ts';
import type { Json } from '../plugin-conformance.ts';
import type { Suite } from '../suite.ts';

export function cleanUpChapter(suite: Suite): void {
  const { samples, upstream } = suite.description;
  const { kept, removed, before } = samples;
  const units = [kept, removed, before];

  suite.check('clean-up: a dry run foresees a deletion and changes nothing', [], async (place) => {
    const repository = await place.holding(units);
    const objects = [...(await servedOf(place, repository)), ...(await remoteOf(place)), repository];
    for (const { pulp_href: href } of objects) {
      const before = JSON.stringify(await place.get(href));
      const foreseen = await deletion(place, `${href}?dry_run=true`);
      assert.equal(JSON.stringify(await place.get(href)), before, `${href}: a dry run changes nothing`);
      const done = await deletion(place, href);
      assert.ok(Object.keys(foreseen ?? {}).length > 0, `${href}: ${JSON.stringify(foreseen)}`);
      if (done) assert.deepEqual(done, foreseen, href);
      assert.equal((await place.call('GET', href)).status, 404, href);
    }
    const task = await place.done('POST', 'orphans/cleanup/', { orphan_protection_time: 0, dry_run: true });
    assert.equal(await place.count(place.list('content')), units.length, JSON.stringify(task.result));
  });

  suite.check(
    'clean-up: orphans go with their bytes, what is in a version stays',
    ['upload', 'modify'],
    async (place) => {
      const repository = await place.filled([kept]);
      await place.upload(removed);
      await place.done('POST', 'orphans/cleanup/', { orphan_protection_time: 0 });
      assert.equal(await place.count(place.list('content')), 1);
      assert.equal(await place.count(`artifacts/?sha256=${sha256Of(removed.bytes)}`), 0);
      assert.equal(await place.count(`artifacts/?sha256=${sha256Of(kept.bytes)}`), 1);
      if (suite.description.distribution) await place.assertServed(await place.serving(repository), [kept]);
      await place.remove(repository.pulp_href);
      await place.done('POST', 'orphans/cleanup/', { orphan_protection_time: 0 });
      assert.equal(await place.count(place.list('content')), 0);
      await place.assertUnits(await place.filled([kept, removed]), [kept, removed]);
    },
  );

  suite.check('clean-up: reclaimed bytes come back when a client asks', ['sync', 'distributions'], async (place) => {
    const { repository } = await place.synced(units, place.atOnce);
    const distribution = await place.serving(repository);
    await place.done('POST', 'repositories/reclaim_space/', { repo_hrefs: [repository.pulp_href] });
    const kind = suite.description.content.protectedFromReclaim ? 1 : 0;
    for (const { bytes } of units) assert.equal(await place.count(`artifacts/?sha256=${sha256Of(bytes)}`), kind);
    await place.assertServed(distribution, units);
  });

  suite.check('clean-up: a damaged file is found and fetched again', ['sync', 'distributions'], async (place) => {
    const { repository, remote } = await place.synced(units, place.atOnce);
    const distribution = await place.serving(repository);
    const file = fileOf(suite, kept.bytes);
    const spoilt = Buffer.from(kept.bytes);
    spoilt[0]! ^= 0xff;
    writeFileSync(file, spoilt);
    const { latest_version_href: version } = await place.get(repository.pulp_href);
    await place.done('POST', `${version}repair/`, { verify_checksums: true });
    assert.ok(readFileSync(file).equals(kept.bytes));
    await place.assertServed(distribution, units);
    assertCompleted(await place.sync(repository, remote, upstream!.additive ?? {}));
    await place.assertUnits(repository, units);
  });
}

/** A publication and a distribution of a repository, as far as the type has them; in the order in which they can be deleted. */
async function servedOf(place: Place, repository: Json): Promise<Json[]> {
  const { publication, distribution } = place.description;
  return [
    ...(distribution ? [await place.distribute({ repository: repository.pulp_href })] : []),
    ...(publication ? [await place.publication(repository)] : []),
  ];
}

async function remoteOf(place: Place): Promise<Json[]> {
  return place.description.remote && place.description.upstream ? [await place.remote()] : [];
}

/** What a deletion tells of itself: the body of the answer, or the result of its task. */
async function deletion(place: Place, path: string): Promise<Json> {
  const { status, body } = await place.call('DELETE', path);
  if (status === 202) return assertCompleted(await place.ended(body.task)).result;
  assert.ok([200, 204].includes(status), `${path}: ${status} ${JSON.stringify(body)}`);
  return status === 200 ? body : undefined;
}

/** The file of an artifact, in whatever folder its domain has. */
function fileOf({ server }: Suite, bytes: Buffer): string {
  const name = sha256Of(bytes).slice(2);
  const files = readdirSync(server.data, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(name));
  return join(server.data, files.at(-1)!);
}
