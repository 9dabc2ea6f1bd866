import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { sha256Of } from '../../src/lib/digest.ts';
import { latestVersion } from '../../src/model/repository-version.ts';
import { useUpstream } from './upstream.ts';
import { MODIFY, useWorld } from './world.ts';

const world = await useWorld();
const upstream = await useUpstream();
const UNITS = 20_000;
/** Comparing each unit with each takes minutes. */
const AT_MOST_MS = 20_000;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** As after a restart without statistics, or in a repository that came into being a moment ago. */
async function forgetStatistics(): Promise<void> {
  for (const table of ['repository_content', 'content', 'file_content', 'content_artifact']) {
    await world.db.run(sql`select pg_clear_relation_stats('public', ${table})`);
    await world.db.run(sql`select pg_clear_attribute_stats('public', ${table}, attname, false) from pg_attribute
      where attrelid = ${table}::regclass and attnum > 0 and not attisdropped`);
  }
}

test('large versions are copied, replaced and checked in little time though the planner knows nothing of them', async () => {
  await world.db.run(sql`alter table repository_content set (autovacuum_enabled = false)`);
  const manifest = (salt: string) =>
    Array.from({ length: UNITS }, (_, at) => `d${at % 97}/${at}.bin,${sha256Of(`${salt}${at}`)},10\n`).join('');
  const [from, to] = [await world.repository(), await world.repository()];
  const remote = await world.remote(upstream.publish('large', {}, manifest('a')), 'on_demand');
  await world.sync(from, remote);
  const base = (await latestVersion(world.db, from.id)).pulpId;
  await forgetStatistics();
  const copy = { repository: to.pulpId, base_version: base };
  assert.ok((await timed(() => world.run(MODIFY, copy))) < AT_MOST_MS, 'copied to a new repository');
  upstream.publish('large', {}, manifest('b'));
  await forgetStatistics();
  assert.ok((await timed(() => world.sync(to, remote))) < AT_MOST_MS, 'each unit replaced');
  await forgetStatistics();
  assert.ok((await timed(() => world.run(MODIFY, copy))) < AT_MOST_MS, 'taken back to the older version');
  assert.equal((await world.paths(to)).length, UNITS);
});
