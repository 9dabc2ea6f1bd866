/** Distributions: units at their paths, listings of directories, 404 for what is not there, what a client finds by the index. */
import assert from 'node:assert/strict';
import { pathsOf } from '../place.ts';
import type { Suite } from '../suite.ts';

export function serveChapter(suite: Suite): void {
  const { kept, removed, before, added } = suite.description.samples;
  const units = [kept, removed, before];

  suite.check('serve: every unit at its path, and nothing else', ['distributions'], async (place) => {
    const distribution = await place.serving(await place.holding(units));
    await place.assertServed(distribution, units);
    for (const path of [added.path, `${kept.path}/below`, 'no/such/path', '%2e%2e/%2e%2e/etc/passwd'])
      assert.equal((await place.fetch(distribution, path)).status, 404, path);
    const sent = await place.fetch(distribution, kept.path, { method: 'DELETE' });
    assert.equal(sent.status, 405);
  });

  suite.check('serve: the directory lists what is in it', ['distributions'], async (place) => {
    const distribution = await place.serving(await place.holding(units));
    const response = await place.fetch(distribution, '');
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
    const page = await response.text();
    for (const { path } of units) assert.ok(page.includes(path.split('/')[0]!), `${path} in ${page}`);
  });

  suite.check(
    'serve: a client finds the units by the index, and what comes later',
    ['index', 'upload'],
    async (place) => {
      const repository = await place.filled([kept]);
      const distribution = await place.serving(repository);
      assert.deepEqual(await place.listed(distribution), pathsOf([kept]));
      await place.upload(added, repository);
      if (suite.description.repository.servesPublications) await place.publication(repository);
      assert.deepEqual(await place.listed(distribution), pathsOf([kept, added]));
    },
  );

  suite.check(
    'serve: a deleted distribution serves nothing, and its path is free',
    ['distributions'],
    async (place) => {
      const repository = await place.holding([kept]);
      const distribution = await place.serving(repository);
      await place.assertServed(distribution, [kept]);
      await place.remove(distribution.pulp_href);
      assert.equal((await place.fetch(distribution, kept.path)).status, 404);
      const again = await place.distribute({ base_path: distribution.base_path, repository: repository.pulp_href });
      await place.assertServed(again, [kept]);
    },
  );
}
