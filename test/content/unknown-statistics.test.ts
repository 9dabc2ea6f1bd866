import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { latestVersion } from '../../src/model/repositories/repository-version.ts';
import { useUpstream } from './upstream.ts';
import { MODIFY, type TestRepository, useWorld } from './world.ts';

const world = await useWorld();
const upstream = await useUpstream();
const UNITS = 15_000;
/** Comparing each unit with each takes several times as long. */
const AT_MOST_MS = 8_000;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function filled(salt: string): Promise<TestRepository> {
  const lines = Array.from({ length: UNITS }, (_, at) => `d${at % 97}/${at}.bin,${sha256Of(`${salt}${at}`)},10\n`);
  const repository = await world.repository();
  await world.sync(repository, await world.remote(upstream.publish(salt, {}, lines.join('')), 'on_demand'));
  return repository;
}

test('versions of repositories that the planner has not seen yet are copied and replaced in little time', async () => {
  const first = await filled('first');
  const tables = ['repository_content', 'content', 'file_content', 'content_artifact'];
  for (const table of tables) {
    await world.db.run(sql`alter table ${sql.ident(table)} set (autovacuum_enabled = false)`);
    await world.db.run(sql`analyze ${sql.ident(table)}`.unprepared);
  }
  const second = await filled('second');
  const base = async (repository: TestRepository) => (await latestVersion(world.db, repository.id)).pulpId;
  const third = await world.repository();
  const copy = async (from: TestRepository) =>
    await world.run(MODIFY, { repository: third.pulpId, base_version: await base(from) });
  assert.ok((await timed(() => copy(second))) < AT_MOST_MS, 'copied to a new repository');
  assert.ok((await timed(() => copy(first))) < AT_MOST_MS, 'each unit replaced');
  assert.deepEqual(await world.paths(third), await world.paths(first));
});
