import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { publishVersion } from '../../src/engines/publish/publish-task.ts';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { noteServed } from '../../src/model/repositories/note-served.ts';
import { findRepository } from '../../src/model/repositories/repository.ts';
import { latestVersion } from '../../src/model/repositories/repository-version.ts';
import { publicationOf } from '../../src/model/repositories/served.ts';
import { manifestOf, useUpstream } from './upstream.ts';
import { MODIFY, PUBLISH, type TestRepository, useWorld } from './world.ts';

const world = await useWorld();
const upstream = await useUpstream();

async function filled(files: Readonly<Record<string, string>>, options: Parameters<typeof world.repository>[0] = {}) {
  const repository = await world.repository(options);
  for (const [path, text] of Object.entries(files)) await world.upload(path, text, { repository: repository.pulpId });
  return repository;
}

async function publish(repository: TestRepository, values: object = {}): Promise<string> {
  const version = await latestVersion(world.db, repository.id);
  return (await world.run(PUBLISH, { repository_version: version.pulpId, values })).result!.id;
}

async function published(pulpId: string): Promise<{ path: string; text: string }[]> {
  const rows = await world.db.rows<{ path: string; sha256: string }>(sql`
    select pa.relative_path as path, encode(a.sha256, 'hex') as sha256 from published_artifact pa
      join artifact a on a.id = pa.artifact_id where pa.publication_id = ${pulpId} order by 1`);
  return rows.map(({ path, sha256 }) => ({
    path,
    text: readFileSync(world.store.driver.localPath(world.store.keyOf(sha256))!, 'utf8'),
  }));
}

test('the manifest lists the newest units first', async () => {
  const repository = await filled({ 'a.txt': 'a', 'b.txt': 'bb', 'c.txt': '' });
  const id = await publish(repository, { manifest: 'LIST' });
  const expected = [`c.txt,${sha256Of('')},0\n`, `b.txt,${sha256Of('bb')},2\n`, `a.txt,${sha256Of('a')},1\n`].join('');
  assert.deepEqual(await published(id), [{ path: 'LIST', text: expected }]);
  const row = await world.db.row(
    sql`select complete, pass_through, checkpoint, details from publication where pulp_id = ${id}`,
  );
  assert.deepEqual(row, { complete: true, pass_through: true, checkpoint: false, details: { manifest: 'LIST' } });
});

test('units whose bytes are upstream are listed too, and an empty version has an empty manifest', async () => {
  const files = { 'x.txt': 'only upstream', 'y.txt': 'also' };
  const repository = await world.repository();
  assert.deepEqual(await published(await publish(repository)), [{ path: 'PULP_MANIFEST', text: '' }]);
  await world.sync(repository, await world.remote(upstream.publish('pub', files), 'on_demand'));
  const [{ text } = { text: '' }] = await published(await publish(repository));
  assert.deepEqual(text.split('\n').sort(), manifestOf(files).split('\n').sort());
});

test('without a manifest nothing is published but the content', async () => {
  const id = await publish(await filled({ 'a.txt': 'a' }), { manifest: null });
  assert.deepEqual(await published(id), []);
});

test('a repository may publish each new version by itself', async () => {
  const repository = await world.repository({ details: { autopublish: true, manifest: 'AUTO' } });
  const unit = (await world.upload('auto.txt', 'auto')).result!.id;
  const { created } = await world.run(MODIFY, { repository: repository.pulpId, add_content_units: [unit] });
  assert.deepEqual(
    created.map((prn) => prn.split(':')[1]),
    ['core.repositoryversion', 'file.filepublication'],
  );
  assert.equal((await published(created[1]!.split(':')[2]!))[0]!.path, 'AUTO');
});

test('a publication that fails leaves nothing', async () => {
  const repository = await filled({ 'a.txt': 'a' });
  const { context } = world.context();
  const found = await findRepository(world.db, world.domain.id, repository.pulpId);
  const version = await latestVersion(world.db, repository.id);
  const before = await world.count('publication');
  const request = { version, repository: found!, type: 'file.file', values: {} };
  await assert.rejects(
    publishVersion(context, world.engine.types, {
      ...request,
      build: async (publishing) => {
        await publishing.addFile('index', ['text']);
        throw new Error('no more');
      },
    }),
    /no more/,
  );
  await assert.rejects(
    publishVersion(context, world.engine.types, {
      ...request,
      build: async (publishing) => {
        await publishing.addFile('index', ['text']);
        await publishing.addFile('index/deep', ['text']);
      },
    }),
    { message: "Publication errors : Path errors found. \nThe path for file 'index/deep' overlaps: index" },
  );
  assert.equal(await world.count('publication'), before);
  assert.deepEqual(world.temporaryFiles(), []);
});

test('only the newest checkpoints keep their flag', async () => {
  const repository = await filled({ 'a.txt': 'a' }, { checkpoints: 2 });
  const ids = [];
  for (let at = 0; at < 4; at++) ids.push(await publish(repository, { checkpoint: at !== 1 }));
  const rows = await world.db.rows<{ pulp_id: string }>(sql`
    select pulp_id from publication where pulp_id = any(${ids}::uuid[]) and checkpoint order by pulp_id`);
  assert.deepEqual(
    rows.map((row) => row.pulp_id),
    [ids[2], ids[3]],
  );
});

test('what a distribution served before is remembered, and its generation grows', async () => {
  const repository = await filled({ 'a.txt': 'a' });
  const distribution = await world.distribution(repository);
  const first = await publish(repository);
  const second = await publish(repository);
  const rows = await world.db.rows<{ publication_id: string; ended: boolean }>(sql`
    select publication_id, served_until is not null as ended from distributed_publication
      where distribution_id = ${distribution} order by publication_id`);
  assert.deepEqual(rows, [
    { publication_id: first, ended: true },
    { publication_id: second, ended: false },
  ]);
  const row = await world.db.row<{ generation: number }>(
    sql`select generation from distribution where pulp_id = ${distribution}`,
  );
  assert.equal(row!.generation, 2);
});

test('what is noted as served is what is served: the pinned publication of the version that is set, else its newest', async () => {
  const repository = await filled({ 'a.txt': 'a' });
  const distribution = await world.distribution(repository);
  const [pinned, newer] = [await publish(repository), await publish(repository)];
  await world.upload('b.txt', 'b', { repository: repository.pulpId });
  const other = await publish(repository);
  const pointTo = async (publication: string) =>
    await world.db.transaction(async (tx) => {
      await tx.run(sql`update distribution set repository_id = null, pinned_publication_id = ${pinned}, pulp_last_updated = now(),
        repository_version_id = (select repository_version_id from publication where pulp_id = ${publication})
        where pulp_id = ${distribution}`);
      await noteServed(tx, [distribution]);
    });
  const current = async () =>
    (
      await world.db.rows<{ publication_id: string }>(sql`select publication_id from distributed_publication
      where distribution_id = ${distribution} and served_until is null`)
    ).map((row) => row.publication_id);
  await pointTo(newer);
  assert.deepEqual(await current(), [pinned]);
  assert.equal(await publicationOf(world.db, distribution), pinned);
  await pointTo(other);
  assert.deepEqual(await current(), [other]);
  assert.equal(await publicationOf(world.db, distribution), other);
});
