import assert from 'node:assert/strict';
import test from 'node:test';
import { type Sql, sql } from '../../src/db/sql.ts';
import { saveUnits } from '../../src/engines/repository/save-units.ts';
import { unitOf } from '../../src/engines/repository/unit-of.ts';
import { latestVersion } from '../../src/model/repositories/repository-version.ts';
import type { DeclaredContent } from '../../src/plugin-api/contracts/declared-content.ts';
import type { DraftContext } from '../../src/plugin-api/contracts/draft.ts';
import type { KeyedUnit, Preference } from '../../src/plugin-api/contracts/preference.ts';
import type { RepositoryType } from '../../src/plugin-api/contracts/repository.ts';
import { createParcelTables, notice, PARCELS, parcel, parcelPlugin } from '../support/parcel-type.ts';
import { MODIFY, type TestRepository, useWorld } from './world.ts';

/** What the repositories of a test do; looked at in each call, since the plugin is composed once. */
let hooks: Partial<RepositoryType> = {};
let choose: Preference['choose'] = (left) => left;
const CHOOSY = 'parcel.choosy';
const world = await useWorld({}, [
  parcelPlugin([
    { check: async (draft) => await hooks.check?.(draft), finalize: async (draft) => await hooks.finalize?.(draft) },
    { type: 'lenient', checkPaths: 'warn' },
    {
      type: 'choosy',
      prefer: [{ content: parcel, columns: ['edition'], choose: (left, right) => choose(left, right) }],
    },
  ]),
]);
await createParcelTables(world.db);

const declare = (name: string, edition: number, arch = 'any'): DeclaredContent => {
  const path = `${name}-${edition}.${arch}`;
  return { type: parcel, values: { name, arch, edition, path }, artifacts: [{ relativePath: path }] };
};
const tell = (ident: string, ...names: string[]): DeclaredContent => ({
  type: notice,
  values: { ident, names },
  artifacts: [],
});

/** Ids on the wire. */
async function saved(...units: readonly DeclaredContent[]): Promise<string[]> {
  const all = await world.db.transaction((tx) =>
    saveUnits(
      tx,
      world.domain.id,
      units.map((one) => unitOf(one)),
    ),
  );
  return all.map(({ pulpId }) => pulpId);
}

const modify = (repository: TestRepository, add: readonly string[], more: object = {}) =>
  world.run(MODIFY, { repository: repository.pulpId, add_content_units: add, ...more });

async function content({ id }: TestRepository, number?: number): Promise<string[]> {
  const version = number ?? (await latestVersion(world.db, id)).number;
  const rows = await world.db.rows<{ told: string }>(sql`
    select coalesce(p.path, n.ident || ':' || array_to_string(n.names, '+')) as told from repository_content rc
      left join parcel_parcel p on p.content_id = rc.content_id left join parcel_notice n on n.content_id = rc.content_id
      where rc.repository_id = ${id} and rc.version_added <= ${version}
        and (rc.version_removed is null or rc.version_removed > ${version}) order by 1`);
  return rows.map(({ told }) => told);
}

async function repositoryOf(pulpType: string, ...units: readonly DeclaredContent[]): Promise<TestRepository> {
  hooks = {};
  const repository = await world.repository({ pulpType });
  if (units.length > 0) await modify(repository, await saved(...units));
  return repository;
}

async function repositoryWith(given: Partial<RepositoryType>, ...units: readonly DeclaredContent[]) {
  const repository = await repositoryOf(PARCELS, ...units);
  hooks = given;
  return repository;
}

/** Of each name the newest so many. */
const keepNewest = (keep: number) => async (draft: DraftContext) => {
  const rows = await draft.db.rows<{ content_id: number }>(sql`select content_id from (
    select p.content_id, row_number() over (partition by p.name order by p.edition desc) as place
      from repository_content rc join parcel_parcel p on p.content_id = rc.content_id
      where rc.repository_id = ${draft.repositoryId} and rc.version_removed is null) ranked where place > ${keep}`);
  await draft.remove(rows.map((row) => row.content_id));
};

test('a hook takes units out that are old and units that are new', async () => {
  const repository = await repositoryWith({ finalize: keepNewest(2) }, declare('a', 1, 'x'), declare('a', 5, 'y'));
  await modify(repository, await saved(declare('a', 3, 'v'), declare('a', 0, 'w'), declare('b', 1)));
  assert.deepEqual(await content(repository), ['a-3.v', 'a-5.y', 'b-1.any']);
  const counts = (await world.versions(repository)).at(-1)!.counts;
  assert.deepEqual(counts, {
    added: { 'parcel.parcel': 2 },
    removed: { 'parcel.parcel': 1 },
    present: { 'parcel.parcel': 3 },
  });
  assert.deepEqual(await content(repository, 1), ['a-1.x', 'a-5.y']);
  const { result } = await modify(repository, await saved(declare('a', 2, 'u')));
  assert.equal(result, null, 'what is taken out at once makes no version');
});

/** Notices of one ident become one. */
async function mergeNotices(draft: DraftContext): Promise<void> {
  const rows = await draft.db.rows<{ ident: string; ids: number[]; names: string[] }>(sql`
    select ident, array_agg(distinct n.content_id) as ids, array_agg(distinct name order by name) as names
      from repository_content rc join parcel_notice n on n.content_id = rc.content_id cross join unnest(n.names) as name
      where rc.repository_id = ${draft.repositoryId} and rc.version_removed is null
      group by ident having count(distinct n.content_id) > 1`);
  await draft.remove(rows.flatMap(({ ids }) => ids));
  const merged = await draft.save(rows.map(({ ident, names }) => tell(ident, ...names)));
  assert.deepEqual(
    merged.map(({ values }) => values.ident),
    rows.map(({ ident }) => ident),
  );
}

test('a hook makes one unit of two', async () => {
  const repository = await repositoryWith({ check: mergeNotices }, tell('N1', 'a'), tell('N2', 'z'));
  await modify(repository, await saved(tell('N1', 'b'), tell('N3', 'y')));
  assert.deepEqual(await content(repository), ['N1:a+b', 'N2:z', 'N3:y']);
  const { counts } = (await world.versions(repository)).at(-1)!;
  assert.deepEqual(counts.added, { 'parcel.notice': 2 });
  assert.deepEqual(counts.removed, { 'parcel.notice': 1 });
  assert.equal((await modify(repository, await saved(tell('N1', 'a')))).result, null, 'it is merged again already');
});

test('what a hook makes is gone when the version is refused', async () => {
  const repository = await repositoryWith({
    finalize: async (draft) => {
      await draft.save([tell('never', 'x')]);
      throw new Error('refused');
    },
  });
  await assert.rejects(modify(repository, await saved(declare('a', 1))), /refused/);
  assert.deepEqual(await world.versions(repository), [
    { number: 0, complete: true, counts: { added: {}, removed: {}, present: {} } },
  ]);
  assert.equal((await world.db.rows(sql`select from parcel_notice where ident = 'never'`)).length, 0);
});

test('a dry run counts what hooks change and keeps nothing', async () => {
  const repository = await repositoryWith({ check: mergeNotices, finalize: keepNewest(1) }, tell('D1', 'a'));
  const units = await saved(tell('D1', 'b'), declare('a', 1, 'x'), declare('a', 2, 'y'));
  const { result } = await modify(repository, units, { dry_run: true });
  assert.deepEqual(result, {
    added: { 'parcel.notice': 1, 'parcel.parcel': 1 },
    removed: { 'parcel.notice': 1 },
    present: { 'parcel.notice': 1, 'parcel.parcel': 1 },
    deleted_versions: 0,
  });
  assert.deepEqual(await content(repository), ['D1:a']);
  assert.equal((await world.db.rows(sql`select from parcel_notice where names = '{a,b}' and ident = 'D1'`)).length, 0);
});

test('a unit that a hook adds replaces what has its key, and is told among the added', async () => {
  const seen: string[] = [];
  const repository = await repositoryWith(
    {
      finalize: async (draft) => {
        await draft.save([declare('a', 9)]);
        const rows = await draft.db.rows<{ path: string }>(sql`select p.path from repository_content rc
          join parcel_parcel p on p.content_id = rc.content_id where ${draft.added} order by 1`);
        seen.push(...rows.map(({ path }) => path));
      },
    },
    declare('a', 1),
    declare('c', 1),
  );
  await modify(repository, await saved(declare('b', 1)));
  assert.deepEqual(await content(repository), ['a-9.any', 'b-1.any', 'c-1.any']);
  assert.deepEqual(seen, ['a-9.any', 'b-1.any']);
});

test('hooks see as added what an older base did not have', async () => {
  const repository = await repositoryWith({}, declare('a', 1));
  await modify(repository, await saved(declare('b', 1)), { remove_content_units: ['*'] });
  const base = await world.db.row<{ pulp_id: string }>(
    sql`select pulp_id from repository_version where repository_id = ${repository.id} and number = 1`,
  );
  let seen: unknown;
  hooks = {
    check: async (draft) => {
      seen = await draft.db.rows(sql`select p.path from repository_content rc
        join parcel_parcel p on p.content_id = rc.content_id where ${draft.added} order by 1`);
    },
  };
  await modify(repository, await saved(declare('c', 1)), { base_version: base!.pulp_id });
  assert.deepEqual(await content(repository), ['a-1.any', 'c-1.any']);
  assert.deepEqual(seen, [{ path: 'c-1.any' }]);
});

const edition = ({ values }: KeyedUnit) => Number(values.edition);
const highest = (left: KeyedUnit, right: KeyedUnit) => (edition(left) >= edition(right) ? left : right);

test('of units with one key the preferred one stays, whether it was there or comes', async () => {
  choose = highest;
  const repository = await repositoryOf(CHOOSY, declare('a', 5), declare('b', 5), declare('c', 5));
  const warned: object[] = [];
  const { context } = world.context();
  const logger = { ...context.logger, warn: (details: object) => void warned.push(details) };
  const add = await saved(declare('a', 4), declare('b', 7), declare('b', 6), declare('d', 1), declare('d', 2));
  await world.run(MODIFY, { repository: repository.pulpId, add_content_units: add }, undefined, { logger });
  assert.deepEqual(await content(repository), ['a-5.any', 'b-7.any', 'c-5.any', 'd-2.any']);
  assert.deepEqual(
    warned.map((one) => ({ ...one, content: undefined })),
    [{ type: 'parcel.parcel', count: 1, content: undefined }],
  );
});

test('units with one key may become one, or be refused', async () => {
  choose = (left, right) => declare('m', edition(left) + edition(right));
  const repository = await repositoryOf(CHOOSY, declare('m', 1));
  await modify(repository, await saved(declare('m', 10), declare('m', 100), declare('o', 1)));
  assert.deepEqual(await content(repository), ['m-111.any', 'o-1.any']);
  choose = () => {
    throw new Error('[DEB0009] the key is there twice');
  };
  await assert.rejects(modify(repository, await saved(declare('n', 1), declare('n', 2))), /DEB0009/);
  assert.deepEqual(await content(repository), ['m-111.any', 'o-1.any']);
});

test('thousands of units with one key each are settled in a few statements', async () => {
  const names = Array.from({ length: 3000 }, (_, at) => `many${at}`);
  choose = highest;
  const repository = await repositoryOf(CHOOSY, ...names.map((name) => declare(name, 2)));
  const add = await saved(...names.map((name, at) => declare(name, at % 2 === 0 ? 1 : 3)));
  let statements = 0;
  const { context } = world.context();
  const counted: typeof context.write = (work) =>
    context.write((tx) => {
      for (const act of ['rows', 'row', 'run'] as const) {
        const original = tx[act].bind(tx) as (query: Sql) => Promise<never>;
        Object.assign(tx, {
          [act]: (query: Sql) => {
            statements++;
            return original(query);
          },
        });
      }
      return work(tx);
    });
  await world.run(MODIFY, { repository: repository.pulpId, add_content_units: add }, undefined, { write: counted });
  const paths = await content(repository);
  assert.equal(paths.length, 3000);
  assert.equal(paths.filter((path) => path.includes('-3.')).length, 1500);
  assert.ok(statements > 0 && statements < 60, `${statements} statements`);
});

test('paths that overlap are an error, or a warning where the type says so', async () => {
  const at = (name: string, path: string): DeclaredContent => {
    const unit = declare(name, 1);
    return { ...unit, values: { ...unit.values, path }, artifacts: [{ relativePath: path }] };
  };
  const units = await saved(at('q', 'dir'), at('r', 'dir/file'), at('s', 'dir/file'));
  await assert.rejects(modify(await repositoryOf(PARCELS), units), /Path is duplicated: dir\/file/);
  const lenient = await repositoryOf('parcel.lenient');
  const { result, reports } = await modify(lenient, units);
  assert.ok(result);
  assert.deepEqual(
    reports.map(({ code, done, state, suffix }) => [code, done, state, suffix]),
    [
      [
        'version.path_errors',
        2,
        'completed',
        "Path is duplicated: dir/file; The path for file 'dir/file' overlaps: dir",
      ],
    ],
  );
  assert.deepEqual((await modify(lenient, await saved(declare('t', 1)))).reports.length, 1, 'it is so still');
});
