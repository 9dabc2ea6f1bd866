/** Two domains never see each other's objects, units and paths, whatever their names. */
import assert from 'node:assert/strict';
import type { Place } from '../place.ts';
import type { Json } from '../plugin-conformance.ts';
import type { Suite } from '../suite.ts';

export function domainsChapter(suite: Suite): void {
  const { kept, added } = suite.description.samples;

  suite.check('domains: what is in one is not in another', [], async (here) => {
    const there = await suite.place();
    const own = await fill(here, [kept]);
    for (const href of own.hrefs) {
      const elsewhere = href.replace(here.prefix, there.prefix);
      assert.notEqual(elsewhere, href);
      assert.equal((await there.call('GET', elsewhere)).status, 404, elsewhere);
    }
    for (const list of ['repository', 'content', 'remote', 'publication', 'distribution'] as const)
      if (suite.description[list]) assert.equal(await there.count(there.list(list)), 0, list);
    const other = await fill(there, [added]);
    assert.deepEqual([...(await here.units(own.repository)).keys()], [kept.path]);
    assert.deepEqual([...(await there.units(other.repository)).keys()], [added.path]);
    if (!own.distribution) return;
    await here.assertServed(own.distribution, [kept]);
    assert.equal((await there.fetch(own.distribution, kept.path)).status, 404);
    assert.equal((await here.fetch(own.distribution, added.path)).status, 404);
  });

  suite.check('domains: a unit of one cannot be added in another', ['modify'], async (here) => {
    const there = await suite.place();
    const units = await here.units(await here.holding([kept]));
    const repository = await there.repository();
    const body = { add_content_units: [...units.values()].map(({ pulp_href }) => pulp_href) };
    assert.equal((await there.call('POST', `${repository.pulp_href}modify/`, body)).status, 400);
    assert.equal(await there.latest(repository), 0);
  });
}

/** The first of each kind has the same name in every domain. */
async function fill(place: Place, units: Parameters<Place['holding']>[0]): Promise<Json> {
  const { remote, upstream, distribution, publication } = place.description;
  const repository = await place.holding(units);
  const objects = [repository, ...(await place.units(repository)).values()];
  if (remote && upstream) objects.push(await place.remote());
  if (publication) objects.push(await place.publication(repository));
  const served = distribution && (await place.distribute({ repository: repository.pulp_href }));
  if (served) objects.push(served);
  return { repository, distribution: served, hrefs: objects.map(({ pulp_href }) => pulp_href) };
}
