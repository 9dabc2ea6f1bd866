/** Manifests at URLs that are no usual ones: escapes that are no UTF-8, directories, bare percent signs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { fetchUrl } from '../../src/engines/upload/fetch-url.ts';
import { manifestOf, useUpstream } from './upstream.ts';
import { type TestRepository, useWorld } from './world.ts';

const world = await useWorld();
const upstream = await useUpstream();
const files = { 'a.txt': 'a' };

function publish(directory: string, name: string): string {
  upstream.files.set(`${directory}a.txt`, Buffer.from('a'));
  upstream.files.set(`${directory}${name}`, Buffer.from(manifestOf(files)));
  return `${upstream.origin}${directory}${name}`;
}

async function published(repository: TestRepository): Promise<string[]> {
  const rows = await world.db.rows<{ path: string }>(sql`select pa.relative_path as path from publication p
    join repository_version v on v.pulp_id = p.repository_version_id
    join published_artifact pa on pa.publication_id = p.pulp_id where v.repository_id = ${repository.id} order by 1`);
  return rows.map(({ path }) => path);
}

const cases: readonly [directory: string, name: string, served: string][] = [
  ['/lat%E4/', 'PULP_MANIFEST', 'PULP_MANIFEST'],
  ['/100%/', 'PULP_MANIFEST', 'PULP_MANIFEST'],
  ['/x/', 'PULP_MANIFEST%', 'PULP_MANIFEST%'],
  ['/dir/', '', 'PULP_MANIFEST'],
  ['/named/', 'my%20manifest', 'my%20manifest'],
  ['/number/', 'm%23', 'm%23'],
];

for (const [directory, name, served] of cases) {
  test(`${directory}${name}`, async () => {
    const url = publish(directory, name);
    const repository = await world.repository();
    const remote = await world.remote(url);
    await world.sync(repository, remote);
    assert.equal((await world.paths(repository)).length, 1);
    await world.sync(repository, remote, { mirror: true });
    assert.deepEqual(await published(repository), [served]);
  });
}

test('a mirror without a change is not published again, unless its publication is gone', async () => {
  const repository = await world.repository();
  const remote = await world.remote(publish('/again/', 'PULP_MANIFEST'));
  for (let time = 0; time < 3; time++) await world.sync(repository, remote, { mirror: true, optimize: false });
  assert.deepEqual(await published(repository), ['PULP_MANIFEST']);
  await world.db.run(sql`delete from publication where repository_version_id in (
    select pulp_id from repository_version where repository_id = ${repository.id})`);
  await world.sync(repository, remote, { mirror: true, optimize: false });
  assert.deepEqual(await published(repository), ['PULP_MANIFEST']);
});

test('user name and password of a URL may have escapes that are none', async () => {
  const { context } = world.context();
  const url = publish('/named/', 'file').replace('//', '//us%er:p%w@');
  const temp = await fetchUrl(context, world.domain, url, {});
  assert.equal(temp.size, manifestOf(files).length);
  await world.store.discard(temp);
});
