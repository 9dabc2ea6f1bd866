/** Changes of repositories: units added and removed, starting from another version, and units with the same place. */
import assert from 'node:assert/strict';
import type { Suite } from '../suite.ts';

export function modifyChapter(suite: Suite): void {
  const { kept, removed, before, after, added } = suite.description.samples;

  suite.check('modify: adds and removes, from another version too', ['modify', 'upload'], async (place) => {
    const units = new Map<string, string>();
    for (const unit of [kept, removed, added]) units.set(unit.path, await place.upload(unit));
    const href = (unit: { path: string }) => units.get(unit.path)!;
    const repository = await place.repository();
    const modify = async (body: object) => await place.done('POST', `${repository.pulp_href}modify/`, body);
    await modify({ add_content_units: [href(kept), href(removed)] });
    await place.assertUnits(repository, [kept, removed]);
    await modify({ add_content_units: [href(added)], remove_content_units: [href(removed)] });
    await place.assertUnits(repository, [kept, added]);
    await modify({ remove_content_units: ['*'] });
    await place.assertUnits(repository, []);
    await modify({ base_version: `${repository.versions_href}1/`, add_content_units: [href(added)] });
    await place.assertUnits(repository, [kept, removed, added]);
    await modify({ add_content_units: [href(added)] });
    assert.equal(await place.latest(repository), 4, 'nothing new makes no version');
    await place.assertUnits(repository, [kept, removed], 1);
  });

  suite.check(
    'modify: a unit takes the place of another, unless overwrite is false',
    ['modify', 'upload'],
    async (place) => {
      const [old, other] = [await place.upload(before), await place.upload(after)];
      const repository = await place.repository();
      await place.done('POST', `${repository.pulp_href}modify/`, { add_content_units: [old] });
      const body = { add_content_units: [other], overwrite: false };
      const refused = await place.call('POST', `${repository.pulp_href}modify/`, body);
      if (refused.status === 202) assert.equal((await place.ended(refused.body.task)).state, 'failed');
      else assert.ok([400, 409].includes(refused.status), JSON.stringify(refused.body));
      assert.equal(await place.latest(repository), 1);
      await place.done('POST', `${repository.pulp_href}modify/`, { add_content_units: [other] });
      const units = await place.units(repository);
      assert.deepEqual(
        [...units.values()].map(({ pulp_href }) => pulp_href),
        [other],
      );
    },
  );
}
