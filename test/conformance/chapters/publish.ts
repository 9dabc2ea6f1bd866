/** Publications: a version with its metadata files, new versions that publish themselves, checkpoints. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Place, pathsOf } from '../place.ts';
import type { Json } from '../plugin-conformance.ts';
import type { Suite } from '../suite.ts';

export function publishChapter(suite: Suite): void {
  const { kept, removed, before, added } = suite.description.samples;
  const units = [kept, removed, before];

  suite.check(
    'publish: a publication stays as it is when its repository goes on',
    ['publications', 'distributions', 'modify'],
    async (place) => {
      const repository = await place.holding(units);
      const publication = await place.publication(repository);
      assert.equal(publication.repository_version, (await place.get(repository.pulp_href)).latest_version_href);
      const distribution = await place.distribute({ publication: publication.pulp_href });
      await place.assertServed(distribution, units);
      await place.done('POST', `${repository.pulp_href}modify/`, { remove_content_units: ['*'] });
      await place.assertServed(distribution, units);
      await place.remove(publication.pulp_href);
      assert.equal((await place.fetch(distribution, kept.path)).status, 404);
    },
  );

  suite.check('publish: the index names the units of the version', ['publications', 'index'], async (place) => {
    const repository = await place.holding(units);
    await place.publication(repository);
    const distribution = await place.distribute({ repository: repository.pulp_href });
    assert.deepEqual(await place.listed(distribution), pathsOf(units));
    await place.assertServed(distribution, units);
  });

  suite.check(
    'publish: with autopublish each new version is served',
    ['autopublish', 'distributions', 'upload'],
    async (place) => {
      const repository = await place.repository({ autopublish: true });
      const distribution = await place.distribute({ repository: repository.pulp_href });
      for (const unit of [kept, added]) {
        await place.upload(unit, repository);
        await place.assertServed(distribution, [unit]);
      }
      const { results } = await place.get(`${place.list('publication')}?repository=${repository.pulp_href}`);
      assert.equal(results.length, 2);
    },
  );

  suite.check('publish: checkpoints are served by their time', ['checkpoints', 'upload', 'modify'], async (place) => {
    const repository = await place.filled([kept]);
    await place.publication(repository, { checkpoint: true });
    // Checkpoints are told apart by the second.
    await sleep(1100);
    await place.upload(added, repository);
    await place.publication(repository);
    await place.publication(repository, { checkpoint: true });
    const distribution = await place.distribute({ repository: repository.pulp_href, checkpoint: true });
    const [older, newer, ...more] = await checkpointsOf(place, distribution);
    assert.deepEqual(more, []);
    assert.equal((await place.fetch(distribution, `${older}${added.path}`)).status, 404);
    assert.equal((await place.fetch(distribution, `${older}${kept.path}`)).status, 200);
    assert.equal((await place.fetch(distribution, `${newer}${added.path}`)).status, 200);
  });
}

/** `20260131T235900Z/` …, oldest first, as the listing of the distribution tells them. */
async function checkpointsOf(place: Place, distribution: Json): Promise<string[]> {
  const page = await (await place.fetch(distribution, '')).text();
  return [...new Set([...page.matchAll(/\d{8}T\d{6}Z\//g)].map(([name]) => name))].sort();
}
