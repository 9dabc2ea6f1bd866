/** Syncs that fill hidden repositories beside their own: together or not at all, seen by nobody, gone when nothing needs them. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { digestsOf } from '../../src/lib/crypto/digest.ts';
import { findRepository } from '../../src/model/repositories/repository.ts';
import { removeParts } from '../../src/model/repositories/sub-repository.ts';
import type { DeclaredContent } from '../../src/plugin-api/contracts/declared-content.ts';
import type { RepositorySync, SyncContext } from '../../src/plugin-api/contracts/sync.ts';
import { fileContent } from '../../src/plugins/file/content.ts';
import { filePlugin } from '../../src/plugins/file/plugin.ts';
import { fileRepository } from '../../src/plugins/file/resources.ts';
import { useUpstream } from './upstream.ts';
import { entry, ORPHANS, type TestRepository, useWorld } from './world.ts';

let open: RepositorySync['open'];
const sync = { ...fileRepository.sync!, open: (context: SyncContext) => open(context) };
const world = await useWorld({}, [{ ...filePlugin, repositories: [{ ...fileRepository, sync }] }]);
const upstream = await useUpstream();

let tree = '';
beforeEach(() => {
  tree = `${tree}t`;
});

/** Units of files that upstream has in a directory. */
async function* unitsOf(directory: string, files: Record<string, string>): AsyncGenerator<DeclaredContent> {
  upstream.publish(directory, files);
  for (const [path, text] of Object.entries(files)) {
    const { sha256 } = digestsOf(text, ['sha256']);
    const url = `${upstream.origin}/${directory}/${path}`;
    const artifacts = [{ relativePath: path, url, digests: { sha256: sha256! } }];
    yield { type: fileContent, values: { relative_path: path, digest: sha256 }, artifacts };
  }
}

/** A tree with two addons, each in a repository of its own. */
async function openTree(context: SyncContext, addons: Record<string, Record<string, string>>) {
  const parts = [];
  for (const [name, files] of Object.entries(addons)) {
    const into = await context.subRepository(`${name}-${tree}`);
    const details = (version: number) => ({ most_recent_version: version });
    parts.push({ into, units: unitsOf(`${tree}/${name}`, files), end: () => ({ details }) });
  }
  return { parts, units: unitsOf(`${tree}/main`, { 'main.txt': `main of ${tree}` }) };
}

async function partNamed(name: string): Promise<TestRepository & { details: object; user_hidden: boolean }> {
  const row = await world.db.row<TestRepository & { details: object; user_hidden: boolean }>(sql`
    select id, pulp_id as "pulpId", details, user_hidden from repository where name = ${`${name}-${tree}`}`);
  return row!;
}

async function parts(repository: TestRepository): Promise<string[]> {
  const rows = await world.db.rows<{ name: string }>(sql`select r.name from sub_repository s
    join repository r on r.id = s.repository_id where s.parent_id = ${repository.id} order by r.name`);
  return rows.map(({ name }) => name);
}

const numbers = async (repository: TestRepository) => (await world.versions(repository)).map(({ number }) => number);
const remote = await world.remote(upstream.publish('any', {}));

test('parts get versions of their own in the same task, and progress is summed', async () => {
  open = (context) => openTree(context, { HA: { 'a.txt': 'a', 'b.txt': 'b' }, SAP: { 'a.txt': 'other a' } });
  const repository = await world.repository();
  const { created, reports, result } = await world.sync(repository, remote);
  assert.deepEqual(await world.paths(repository), [entry('main.txt', `main of ${tree}`)]);
  const part = await partNamed('HA');
  assert.deepEqual(await world.paths(part), [entry('a.txt', 'a'), entry('b.txt', 'b')]);
  assert.deepEqual(await world.paths(await partNamed('SAP')), [entry('a.txt', 'other a')]);
  assert.deepEqual([part.user_hidden, part.details], [true, { last_sync_details: { most_recent_version: 1 } }]);
  assert.deepEqual(created, [`prn:core.repositoryversion:${result!.id}`]);
  assert.deepEqual(
    reports.map(({ code, done, state }) => `${code} ${done} ${state}`),
    ['sync.downloading.artifacts 4 completed', 'associating.content 4 completed'],
  );
  const again = await world.sync(repository, remote, { mirror: true });
  assert.equal(again.result, null);
  assert.deepEqual(await numbers(part), [1], 'only the newest is kept');
});

test('a mirror removes from a part what upstream has no more there', async () => {
  const addons = { HA: { 'a.txt': 'a', 'b.txt': 'b' } as Record<string, string> };
  open = (context) => openTree(context, addons);
  const repository = await world.repository();
  await world.sync(repository, remote, { mirror: true });
  addons.HA = { 'b.txt': 'b' };
  await world.sync(repository, remote, { mirror: true });
  assert.deepEqual(await world.paths(await partNamed('HA')), [entry('b.txt', 'b')]);
  assert.deepEqual(await numbers(repository), [0, 1]);
});

test('a part that fails leaves nothing, neither of those before it nor of the repository', async () => {
  const addons = { HA: { 'a.txt': `a of ${tree}` }, SAP: { 'gone.txt': 'gone' } };
  open = async (context) => {
    const opened = await openTree(context, addons);
    upstream.behaviours.set(`/${tree}/SAP/gone.txt`, (response) => void response.writeHead(404).end());
    return opened;
  };
  const repository = await world.repository();
  await assert.rejects(world.sync(repository, remote), /^DownloadError: 404/);
  assert.deepEqual(await numbers(repository), [0]);
  assert.equal(await partNamed('HA'), undefined);
  assert.equal(await partNamed('SAP'), undefined);
  assert.deepEqual(world.temporaryFiles(), []);
});

test('a repository that is refused takes the versions of its parts with it', async () => {
  open = (context) => openTree(context, { HA: { 'a.txt': 'a' } });
  const repository = await world.repository();
  await world.sync(repository, remote);
  open = async (context) => ({
    ...(await openTree(context, { HA: { 'a.txt': 'newer a' } })),
    // Two units with one path cannot both be in a version.
    units: (async function* () {
      yield* unitsOf(`${tree}/one`, { 'x.txt': 'x' });
      yield* unitsOf(`${tree}/two`, { 'x.txt': 'another x' });
    })(),
  });
  await assert.rejects(world.sync(repository, remote), /PLP0022/);
  assert.deepEqual(await world.paths(await partNamed('HA')), [entry('a.txt', 'a')]);
  assert.deepEqual(await numbers(await partNamed('HA')), [1]);
  assert.deepEqual(await parts(repository), [`HA-${tree}`]);
});

test('what has not changed is told: all of it, or n of m', async () => {
  open = (context) => openTree(context, { HA: { 'a.txt': 'a' }, SAP: { 'b.txt': 'b' } });
  const repository = await world.repository();
  await world.sync(repository, remote);
  open = async (context) => {
    await context.subRepository(`SAP-${tree}`);
    const { parts } = await openTree(context, { HA: { 'c.txt': 'c' } });
    return { parts, skipped: { parts: 2, of: 3 } };
  };
  const partly = await world.sync(repository, remote);
  assert.equal(partly.result, null);
  const skipped = ({ code, message, done, total }: (typeof partly.reports)[0]) => [code, message, done, total];
  const words = 'Skipping Sync (no change from previous sync)';
  assert.deepEqual(skipped(partly.reports[0]!), ['sync.was_skipped', words, 2, 3]);
  assert.deepEqual(await numbers(repository), [0, 1]);
  assert.deepEqual(await world.paths(await partNamed('HA')), [entry('a.txt', 'a'), entry('c.txt', 'c')]);
  open = async () => ({ unchanged: { code: 'sync.complete_skip.was_skipped', message: 'Nothing new', parts: 3 } });
  const { reports } = await world.sync(repository, remote);
  assert.deepEqual(reports.map(skipped), [['sync.complete_skip.was_skipped', 'Nothing new', 3, 3]]);
  assert.deepEqual(await parts(repository), [`HA-${tree}`, `SAP-${tree}`]);
});

test('a part cannot have the name of a repository that is none', async () => {
  const other = await world.repository();
  await world.db.run(sql`update repository set name = ${`HA-${tree}`} where id = ${other.id}`);
  open = (context) => openTree(context, { HA: { 'a.txt': 'a' } });
  await assert.rejects(world.sync(await world.repository(), remote), /'HA-.*' is no part of the one that is synced/);
});

test('a task that is cut off leaves no version in parts', async () => {
  open = (context) => openTree(context, { HA: { 'a.txt': 'a' } });
  const repository = await world.repository();
  await world.sync(repository, remote);
  const part = await partNamed('HA');
  const left = (id: number) => sql`insert into repository_version (pulp_id, repository_id, number)
    select gen_random_uuid(), ${id}, next_version from repository where id = ${id}`;
  await world.db.run(left(part.id));
  assert.deepEqual(await numbers(part), [1, 2]);
  const held = { reserved_resources_record: [`prn:file.filerepository:${repository.pulpId}`], created_resources: [] };
  await world.db.run(
    sql`select discard_incomplete_results(jsonb_populate_record(null::task, ${JSON.stringify(held)}::jsonb))`,
  );
  assert.deepEqual(await numbers(part), [1]);
});

test('parts go with their repository, or with the first sync that asks for them no more', async () => {
  const clean = () => world.run(ORPHANS, { orphan_protection_time: 0 });
  open = (context) => openTree(context, { HA: { 'a.txt': `a of ${tree}` }, SAP: { 'b.txt': `b of ${tree}` } });
  const repository = await world.repository();
  await world.sync(repository, remote);
  const units = async () =>
    (
      await world.db.rows(sql`select from file_content where digest in (
    ${digestsOf(`a of ${tree}`, ['sha256']).sha256}, ${digestsOf(`b of ${tree}`, ['sha256']).sha256})`)
    ).length;
  await clean();
  assert.equal(await units(), 2, 'units of parts are no orphans');

  open = (context) => openTree(context, { HA: { 'a.txt': `a of ${tree}` } });
  await world.sync(repository, remote);
  assert.deepEqual(await parts(repository), [`HA-${tree}`]);
  await clean();
  assert.equal(await partNamed('SAP'), undefined);
  assert.equal(await units(), 1, 'and their units are orphans in the same clean-up');

  const { id } = (await findRepository(world.db, world.domain.id, repository.pulpId))!;
  await world.db.transaction((tx) => removeParts(tx, [id]));
  assert.equal(await partNamed('HA'), undefined);
});

test('a part to which a unit refers stays until that is gone', async () => {
  open = (context) => openTree(context, { HA: { 'a.txt': 'a' } });
  const repository = await world.repository();
  await world.sync(repository, remote);
  const { id } = await partNamed('HA');
  await world.db.run(sql`create table test_tree (content_id bigint primary key references content on delete cascade,
    part_id bigint not null references repository (id))`);
  await world.db.run(sql`insert into test_tree select d.content_id, ${id} from file_content d
    where d.digest = ${digestsOf(`main of ${tree}`, ['sha256']).sha256}`);
  await world.db.transaction(async (tx) => {
    await removeParts(tx, [repository.id]);
    await tx.run(sql`delete from repository_content where repository_id = ${repository.id}`);
    await tx.run(sql`delete from repository where id = ${repository.id}`);
  });
  assert.deepEqual(await world.paths(await partNamed('HA')), [entry('a.txt', 'a')]);
  await world.run(ORPHANS, { orphan_protection_time: 0 });
  assert.equal(await partNamed('HA'), undefined);
  await world.db.run(sql`drop table test_tree`);
});
