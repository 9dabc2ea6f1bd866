import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { useWorld } from './world.ts';

const world = await useWorld();
const REPAIR = 'pulpcore.app.tasks.datarepair.repair_7272';

test('wrong counters of versions are told and corrected, right ones left alone', async () => {
  const repository = await world.repository();
  for (const path of ['a', 'b']) await world.upload(path, path, { repository: repository.pulpId });
  await world.db.run(sql`update repository_version set counts = jsonb_set(counts, '{present}', '{"file.file": 7}')
    where repository_id = ${repository.id} and number = 1`);
  const told = await world.run(REPAIR, { dry_run: true });
  const counts = (reports: typeof told.reports) => reports.map(({ code, done, total }) => `${code} ${done}/${total}`);
  assert.deepEqual(counts(told.reports), [
    'repair.7272.repos_checked 1/1',
    'repair.7272.versions_checked 3/3',
    'repair.7272.versions_fixed 0/1',
  ]);
  assert.deepEqual((await world.versions(repository))[1]!.counts.present, { 'file.file': 7 });
  assert.equal(counts((await world.run(REPAIR, { dry_run: false })).reports)[2], 'repair.7272.versions_fixed 1/1');
  const present = (await world.versions(repository)).map((version) => version.counts.present);
  assert.deepEqual(present, [{}, { 'file.file': 1 }, { 'file.file': 2 }]);
  assert.equal(counts((await world.run(REPAIR, { dry_run: false })).reports)[2], 'repair.7272.versions_fixed 0/0');
});
