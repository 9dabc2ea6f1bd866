/** Replication of a distribution from one domain to another, and of what changes there; archives between domains. */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type Place, pathsOf } from '../place.ts';
import type { Json } from '../plugin-conformance.ts';
import type { Suite } from '../suite.ts';

export function replicateChapter(suite: Suite): void {
  const { kept, removed, before, added } = suite.description.samples;

  suite.check(
    'replicate: a distribution comes as it is, and follows',
    ['replication', 'modify', 'upload'],
    async (place) => {
      const repository = await place.filled([kept, removed]);
      const source = await place.serving(repository);
      const target = await suite.place();
      const upstream = await target.upstream(place);
      assert.deepEqual((await target.replicate(upstream)).errors, []);
      const [copy, ...more] = (await target.get(target.list('distribution'))).results;
      assert.deepEqual([more.length, copy.name, copy.base_path], [0, source.name, source.base_path]);
      await target.assertServed(copy, [kept, removed]);
      assert.equal((await target.get(`${upstream}status/`)).in_sync, true);

      const gone = (await place.units(repository)).get(removed.path).pulp_href;
      await place.done('POST', `${repository.pulp_href}modify/`, { remove_content_units: [gone] });
      await place.upload(added, repository);
      if (suite.description.repository.servesPublications) await place.publication(repository);
      assert.deepEqual((await target.replicate(upstream)).errors, []);
      await target.assertServed(copy, [kept, added]);
      const [{ pulp_href: follower }] = (await target.get(target.list('repository'))).results;
      await target.assertUnits({ pulp_href: follower }, [kept, added]);
      if (suite.description.listing) assert.deepEqual(await target.listed(copy), pathsOf([kept, added]));
    },
  );

  suite.check('archives: what was exported is imported in another domain', ['archives'], async (place) => {
    const units = [kept, removed, before];
    const repository = await place.holding(units);
    const files = await exported(place, repository, mkdtempSync(join(suite.exchange, 'archive-')));
    const target = await suite.place();
    const archive = files.find((path) => path.endsWith('.tar'))!;
    for (const _ of ['first', 'again']) {
      await imported(target, archive);
      const [copy, ...more] = (await target.get(target.list('repository'))).results;
      assert.deepEqual([more.length, copy.name, await target.latest(copy)], [0, repository.name, 1]);
      await target.assertUnits(copy, units);
      if (suite.description.distribution) await target.assertServed(await target.serving(copy), units);
    }
  });
}

/** Paths of the files of a full export. */
async function exported(place: Place, repository: Json, path: string): Promise<string[]> {
  const body = { name: place.name('exporter'), path, repositories: [repository.pulp_href] };
  const exporter = await place.make('exporters/core/pulp/', body);
  const task = await place.done('POST', `${exporter.pulp_href}exports/`, { full: true });
  return Object.keys((await place.get(task.created_resources[0])).output_file_info);
}

async function imported(place: Place, path: string): Promise<void> {
  const importer = await place.make('importers/core/pulp/', { name: place.name('importer') });
  const { status, body } = await place.call('POST', `${importer.pulp_href}imports/`, {
    path,
    create_repositories: true,
  });
  assert.equal(status, 202, JSON.stringify(body));
  const { errors } = await place.follow(body.task_group);
  assert.deepEqual(errors, []);
}
