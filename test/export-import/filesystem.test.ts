import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { digestsOf } from '../../src/lib/crypto/digest.ts';
import { PUBLISH, type TestRepository } from '../content/world.ts';
import { namesIn, useExportWorld } from './world.ts';

const w = await useExportWorld();
const { world } = w;
const VERSION = 'pulpcore.app.tasks.export.fs_repo_version_export';
const PUBLICATION = 'pulpcore.app.tasks.export.fs_publication_export';

const repository = await world.repository();
for (const [path, text] of [
  ['a.txt', 'a'],
  ['d/b.txt', 'bb'],
] as const)
  await world.upload(path, text, { repository: repository.pulpId });

async function versionOf({ id }: TestRepository, number: number): Promise<string> {
  const row = await world.db.row<{ pulp_id: string }>(
    sql`select pulp_id from repository_version where repository_id = ${id} and number = ${number}`,
  );
  return row!.pulp_id;
}

async function run(name: string, directory: string, method: string, more: object) {
  const exporter = await w.exporter(directory, [], method);
  return await world.run(name, { exporter, params: {}, exported: 'prn:core.repositoryversion:x', ...more });
}

for (const method of ['write', 'hardlink', 'symlink']) {
  test(`files get into a directory by ${method}`, async () => {
    const directory = join(w.directory(), 'new');
    const { created } = await run(VERSION, directory, method, { version: await versionOf(repository, 2) });
    assert.match(created[0]!, /^prn:core\.filesystemexport:/);
    assert.equal(readFileSync(join(directory, 'd', 'b.txt'), 'utf8'), 'bb');
    const found = lstatSync(join(directory, 'a.txt'));
    assert.equal(found.isSymbolicLink(), method === 'symlink');
    if (method !== 'symlink') assert.equal(found.nlink, method === 'hardlink' ? 2 : 1);
  });
}

test('a publication brings its own files too; a start leaves out what was there', async () => {
  const version = await versionOf(repository, 2);
  const { created } = await world.run(PUBLISH, { repository_version: version, values: { manifest: 'LIST' } });
  const publication = created[0]!.split(':')[2];
  const all = w.directory();
  await run(PUBLICATION, all, 'write', { publication, version });
  assert.deepEqual(namesIn(all), ['LIST', 'a.txt', 'd']);
  const some = w.directory();
  await run(PUBLICATION, some, 'write', { publication, version, startVersion: await versionOf(repository, 1) });
  assert.deepEqual(namesIn(some), ['LIST', 'd']);
});

test('a directory that holds something is left alone', async () => {
  const directory = w.directory();
  writeFileSync(join(directory, 'mine'), '');
  await assert.rejects(
    run(VERSION, directory, 'write', { version: await versionOf(repository, 2) }),
    /^Error: Cannot export to directories that contain existing data\.$/,
  );
  assert.deepEqual(namesIn(directory), ['mine']);
});

test('of a streamed unit the file is taken that its remote names on this machine, if it still is the same', async () => {
  const upstream = w.directory();
  writeFileSync(join(upstream, 'local.txt'), 'local bytes');
  const sha256 = digestsOf('local bytes', ['sha256']).sha256!;
  writeFileSync(join(upstream, 'PULP_MANIFEST'), `local.txt,${sha256},11\n`);
  const streamed = await world.repository();
  await world.upload('local.txt', 'local bytes', { repository: streamed.pulpId });
  const remote = await world.remote(`file://${upstream}/PULP_MANIFEST`, 'streamed');
  await world.db.run(sql`
    with lacking as (update content_artifact set artifact_id = null where relative_path = 'local.txt' returning id)
    insert into remote_artifact (content_artifact_id, remote_id, url, size, sha256)
      select id, ${remote}::uuid, ${`file://${upstream}/local.txt`}, 11, ${`\\x${sha256}`}::bytea from lacking`);
  for (const method of ['write', 'hardlink', 'symlink']) {
    const directory = w.directory();
    await run(VERSION, directory, method, { version: await versionOf(streamed, 1) });
    assert.equal(readFileSync(join(directory, 'local.txt'), 'utf8'), 'local bytes');
  }
  writeFileSync(join(upstream, 'local.txt'), 'other bytes');
  await assert.rejects(
    run(VERSION, w.directory(), 'write', { version: await versionOf(streamed, 1) }),
    /is not the one that was synced/,
  );
});

test('without bytes nothing is written; outside the allowed directories neither', async () => {
  const lacking = await world.repository();
  await world.upload('x', 'not here', { repository: lacking.pulpId });
  await world.db.run(sql`update content_artifact set artifact_id = null where relative_path = 'x'`);
  const directory = w.directory();
  mkdirSync(join(directory, 'sub'));
  await assert.rejects(
    run(VERSION, join(directory, 'sub'), 'write', { version: await versionOf(lacking, 1) }),
    /^Error: Cannot export artifacts that haven't been downloaded\.$/,
  );
  assert.deepEqual(namesIn(join(directory, 'sub')), []);
  await assert.rejects(
    run(VERSION, '/var/empty/x', 'write', { version: await versionOf(repository, 2) }),
    /not an allowed/,
  );
});
