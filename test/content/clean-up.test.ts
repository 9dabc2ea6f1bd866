import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../src/db/sql.ts';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { useUpstream } from './upstream.ts';
import { MODIFY, ORPHANS, type TestRepository, useWorld } from './world.ts';

const world = await useWorld();
const upstream = await useUpstream();
const RECLAIM = 'pulpcore.app.tasks.reclaim_space.reclaim_space';
const REPAIR_ALL = 'pulpcore.app.tasks.repository.repair_all_artifacts';
const REPAIR_VERSION = 'pulpcore.app.tasks.repository.repair_version';

const isThere = async (text: string) => {
  const row = await world.db.row(sql`select from artifact where sha256 = ${`\\x${sha256Of(text)}`}::bytea`);
  const file = await world.store.driver.stat(world.store.keyOf(sha256Of(text)));
  assert.equal(row === undefined, file === undefined, 'a row and its file come and go together');
  return row !== undefined;
};
const unitExists = async (pulpId: string) =>
  (await world.db.rows(sql`select from content where pulp_id = ${pulpId}`)).length === 1;
const fileOf = (text: string) => world.store.driver.localPath(world.store.keyOf(sha256Of(text)))!;
const doneOf = (reports: readonly { code: string; done: number }[]) =>
  Object.fromEntries(reports.map(({ code, done }) => [code, done]));

test('orphans go with their bytes, what is used or young stays', async () => {
  const repository = await world.repository();
  const orphan = (await world.upload('orphan.txt', 'orphan')).result!.id;
  const kept = (await world.upload('kept.txt', 'kept', { repository: repository.pulpId })).result!.id;
  await world.artifact('alone');
  await world.run(ORPHANS, { content: null, orphan_protection_time: 10 });
  assert.ok((await unitExists(orphan)) && (await isThere('alone')));

  const foreseen = await world.run(ORPHANS, { content: null, orphan_protection_time: 0, dry_run: true });
  assert.deepEqual(foreseen.result, { content: { 'file.file': 1 }, artifacts: 2, bytes: 11 });
  assert.ok(await unitExists(orphan));

  const { reports } = await world.run(ORPHANS, { content: null, orphan_protection_time: 0 });
  assert.deepEqual(doneOf(reports), { 'clean-up.content': 1, 'clean-up.artifacts': 2 });
  assert.ok(!(await unitExists(orphan)) && !(await isThere('orphan')) && !(await isThere('alone')));
  assert.ok((await unitExists(kept)) && (await isThere('kept')));
  const left = await world.db.row(sql`select
    (select count(*) from file_content where content_id not in (select id from content)) as details,
    (select count(*) from content_artifact where content_id not in (select id from content)) as artifacts`);
  assert.deepEqual(left, { details: 0, artifacts: 0 });
});

test('a unit of an older version is no orphan; only the units named are looked at', async () => {
  const repository = await world.repository();
  const old = (await world.upload('old.txt', 'old', { repository: repository.pulpId })).result!.id;
  await world.run(MODIFY, { repository: repository.pulpId, remove_content_units: [old] });
  const named = (await world.upload('named.txt', 'named')).result!.id;
  const other = (await world.upload('other.txt', 'other')).result!.id;
  await world.run(ORPHANS, { content: [old, named], orphan_protection_time: 0 });
  assert.deepEqual([await unitExists(old), await unitExists(named), await unitExists(other)], [true, false, true]);
  assert.deepEqual([await isThere('old'), await isThere('named'), await isThere('other')], [true, false, true]);
});

test('what is younger than another unfinished task stays', async () => {
  await world.db.run(sql`insert into task (pulp_id, domain_id, name, state, pulp_created, pulp_last_updated)
    values (${uuid7()}, ${world.domain.id}, 'x', 'running', clock_timestamp(), clock_timestamp())`);
  const young = (await world.upload('young.txt', 'young')).result!.id;
  await world.run(ORPHANS, { content: null, orphan_protection_time: 0 });
  assert.ok(await unitExists(young));
  await world.db.run(sql`delete from task`);
});

test('metadata of publications is no orphan', async () => {
  const repository = await world.repository({ details: { autopublish: true, manifest: 'M' } });
  const { created } = await world.upload('published.txt', 'published', { repository: repository.pulpId });
  await world.run(ORPHANS, { content: null, orphan_protection_time: 0 });
  const row = await world.db.row<{ sha256: string }>(sql`
    select encode(a.sha256, 'hex') as sha256 from published_artifact p join artifact a on a.id = p.artifact_id
      where p.publication_id = ${created[1]!.split(':')[2]!}`);
  assert.ok(await world.store.driver.stat(world.store.keyOf(row!.sha256)));
});

async function synced(directory: string, files: Readonly<Record<string, string>>): Promise<TestRepository> {
  const repository = await world.repository();
  await world.sync(repository, await world.remote(upstream.publish(directory, files)));
  return repository;
}

test('bytes that upstream has are dropped, but not those that another repository holds', async () => {
  const repository = await synced('reclaim', { 'r1.txt': 'reclaim me', 'r2.txt': 'shared bytes' });
  const other = await synced('reclaim', { 'r2.txt': 'shared bytes' });
  await world.upload('uploaded.txt', 'no upstream', { repository: repository.pulpId });
  const foreseen = await world.run(RECLAIM, { repositories: [repository.pulpId], dry_run: true });
  assert.deepEqual(foreseen.result, { artifacts: 1, bytes: 10 });
  const { reports } = await world.run(RECLAIM, { repositories: [repository.pulpId] });
  assert.deepEqual(doneOf(reports), { 'reclaim-space.artifact': 1 });
  assert.deepEqual(
    [await isThere('reclaim me'), await isThere('shared bytes'), await isThere('no upstream')],
    [false, true, true],
  );
  await world.run(RECLAIM, { repositories: [repository.pulpId, other.pulpId] });
  assert.equal(await isThere('shared bytes'), false);
});

test('versions on the list keep their bytes', async () => {
  const repository = await synced('keep', { 'k1.txt': 'keep me' });
  const version = await world.db.row<{ pulp_id: string }>(
    sql`select pulp_id from repository_version where repository_id = ${repository.id} and number = 1`,
  );
  await world.run(RECLAIM, { repositories: [repository.pulpId], keep_versions: [version!.pulp_id] });
  assert.ok(await isThere('keep me'));
});

test('missing and damaged files are fetched again; what cannot be is put aside', async () => {
  const texts = ['repair missing', 'repair damaged', 'repair cannot!'];
  const repository = await synced('repair', { 'm.txt': texts[0]!, 'd.txt': texts[1]!, 'c.txt': texts[2]! });
  upstream.remove('/repair/c.txt');
  rmSync(fileOf(texts[0]!));
  writeFileSync(fileOf(texts[1]!), 'repair DAMAGED');
  writeFileSync(fileOf(texts[2]!), 'repair CANNOT!');
  const quick = await world.run(REPAIR_ALL, { verify_checksums: false, dry_run: true });
  assert.deepEqual(quick.result, { missing: 1, corrupted: 0 });
  const version = await world.db.row<{ pulp_id: string }>(
    sql`select pulp_id from repository_version where repository_id = ${repository.id} and number = 1`,
  );
  const { reports } = await world.run(REPAIR_VERSION, { repository_version: version!.pulp_id, verify_checksums: true });
  assert.deepEqual(doneOf(reports), {
    'repair.repaired': 2,
    'repair.corrupted': 2,
    'repair.missing': 1,
    'repair.unrepairable': 1,
  });
  for (const text of texts.slice(0, 2))
    assert.equal(await world.store.driver.stat(fileKey(text)).then((stat) => stat?.size), 14);
  assert.equal(await world.store.driver.stat(fileKey(texts[2]!)), undefined);
  assert.equal(readdirSync(join(world.root, 'quarantine')).length, 1);
  const again = await world.run(REPAIR_ALL, { verify_checksums: true });
  assert.deepEqual(doneOf(again.reports)['repair.corrupted'], 0);
});

const fileKey = (text: string) => world.store.keyOf(sha256Of(text));

test('a damaged file is put aside only when no backup is being made', async () => {
  await synced('aside', { 'a.txt': 'put me aside' });
  upstream.remove('/aside/a.txt');
  writeFileSync(fileOf('put me aside'), 'put ME aside');
  await world.db.run(sql`update server_state set maintenance_since = now()`);
  const asked = upstream.requests.filter((path) => path === '/aside/a.txt').length;
  const repair = world.run(REPAIR_ALL, { verify_checksums: true });
  // Where the bytes came from was asked in vain: putting the file aside is next.
  while (upstream.requests.filter((path) => path === '/aside/a.txt').length === asked) await sleep(20);
  await sleep(300);
  assert.ok(await world.store.driver.stat(fileKey('put me aside')));
  await world.db.run(sql`update server_state set maintenance_since = null`);
  await repair;
  assert.equal(await world.store.driver.stat(fileKey('put me aside')), undefined);
});
