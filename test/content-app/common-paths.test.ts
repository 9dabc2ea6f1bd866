/** A path that many repositories have costs no look at all of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFile } from '../../src/content-app/paths/find-file.ts';
import type { Queryable } from '../../src/db/database.ts';
import { type Sql, sql } from '../../src/db/sql.ts';
import { type Unit, useWorld } from './world.ts';

const world = await useWorld();
const REPOSITORIES = 300;
const PATH = 'readme.txt';

/** One repository for each unit that is given, as one statement. */
async function scatter(units: readonly Unit[]): Promise<void> {
  await world.db.run(sql`insert into repository_content (repository_id, content_id, version_added)
    select 1000000 + id, id, 1 from unnest(${units.map(({ id }) => id)}::bigint[]) as id`);
}

/** The rows that all steps of a query read, and what it answers. */
async function readBy(find: (db: Queryable) => Promise<unknown>): Promise<{ rows: number; found: unknown }> {
  let rows = 0;
  const db = {
    async row(query: Sql) {
      const explain = sql`${sql.raw('explain (analyze, format json)')} ${query}`.unprepared;
      const plan = await world.db.row<{ 'QUERY PLAN': [{ Plan: Plan }] }>(explain);
      rows += rowsOf(plan!['QUERY PLAN'][0].Plan);
      return await world.db.row(query);
    },
  } as Queryable;
  return { found: await find(db), rows };
}

interface Plan {
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Node Type': string;
  Plans?: Plan[];
}

/** Counting along an index is cheap: what matters is how often another row is looked up for one. */
function rowsOf(plan: Plan): number {
  const own = plan['Node Type'] === 'Index Only Scan' ? 0 : plan['Actual Loops'];
  return own + (plan.Plans ?? []).reduce((sum, one) => sum + rowsOf(one), 0);
}

test('a path is found in a small repository and in a large one, and missed in others', async () => {
  const units: Unit[] = [];
  for (let at = 0; at < REPOSITORIES; at++) units.push(await world.unit(PATH, `${at}`));
  await scatter(units);
  const small = await world.repository();
  const [own, former] = [await world.unit(PATH, 'own'), await world.unit(PATH, 'former')];
  const other = await world.unit('other.txt', 'other');
  await world.version(small, [former, other]);
  await world.version(small, [own], [former]);
  const large = await world.repository();
  const many: Unit[] = [];
  for (let at = 0; at < REPOSITORIES + 100; at++) many.push(await world.unit(`many/${at}`, 'many'));
  await world.version(large, [...many, units[7]!]);
  const in_ = (repositoryId: number, number: number, path = PATH) => {
    const version = { id: 0, pulpId: '', repositoryId, number };
    return readBy((db) => findFile(db, { publicationId: null, content: true, version, publishedAt: 0 } as never, path));
  };
  const idOf = ({ found }: { found: unknown }) =>
    (found as { contentArtifactId: number } | undefined)?.contentArtifactId;
  const now = await in_(small.id, 2);
  assert.equal(idOf(now), own.contentArtifactId);
  assert.ok(now.rows < 100, `${now.rows} look-ups`);
  assert.equal(idOf(await in_(small.id, 1)), former.contentArtifactId);
  assert.equal(idOf(await in_(small.id, 0)), undefined);
  assert.equal(idOf(await in_(small.id, 2, 'other.txt')), other.contentArtifactId);
  assert.equal(idOf(await in_(large.id, 1)), units[7]!.contentArtifactId);
  const rare = await in_(large.id, 1, 'many/3');
  assert.equal(idOf(rare), many[3]!.contentArtifactId);
  assert.ok(rare.rows < 100, `${rare.rows} look-ups`);
});
