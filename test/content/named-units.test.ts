import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { ChunkedFile } from '../../src/engines/export-import/chunked-file.ts';
import { versionFolder } from '../../src/engines/export-import/core-records.ts';
import { exportVersion } from '../../src/engines/export-import/export-version.ts';
import { IMPORT_VERSION } from '../../src/engines/export-import/import-version-task.ts';
import { TarWriter } from '../../src/engines/export-import/tar-writer.ts';
import { requireRepository } from '../../src/engines/repository/require-repository.ts';
import { createContent } from '../../src/engines/upload/create-content.ts';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { latestVersion } from '../../src/model/repositories/repository-version.ts';
import type { DeclaredContent, SavedContent } from '../../src/plugin-api/contracts/declared-content.ts';
import type { DraftContext } from '../../src/plugin-api/contracts/draft.ts';
import type { SyncContext } from '../../src/plugin-api/contracts/sync.ts';
import type { ExportResource } from '../../src/plugin-api/declare/export-resource.ts';
import { filePlugin } from '../../src/plugins/file/plugin.ts';
import { fileRemote } from '../../src/plugins/file/resources.ts';
import {
  bundle,
  createParcelTables,
  notice,
  PARCELS,
  parcel,
  parcelPlugin,
  placement,
  shelf,
} from '../support/parcel-type.ts';
import { useUpstream } from './upstream.ts';
import { DELETE_VERSION, MODIFY, ORPHANS, type TestRepository, useWorld } from './world.ts';

let finalize: (draft: DraftContext) => Promise<void> = async () => {};
let upstreamUnits: (context: SyncContext) => DeclaredContent[] = () => [];
const SYNC_PARCELS = 'parcel.sync';

const exportResources: readonly ExportResource[] = [
  {
    name: 'Parcel',
    content: parcel,
    fields: [{ name: 'name' }, { name: 'arch' }, { name: 'edition', kind: 'number' }, { name: 'path' }],
  },
  { name: 'Shelf', content: shelf, fields: [{ name: 'label' }] },
  { name: 'Placement', content: placement, fields: [{ name: 'parcel' }, { name: 'shelf' }, { name: 'shelf_label' }] },
  { name: 'Bundle', content: bundle, fields: [{ name: 'title' }, { name: 'members', kind: 'list' }] },
];

const world = await useWorld({}, [
  filePlugin,
  parcelPlugin(
    [
      {
        finalize: (draft) => finalize(draft),
        sync: {
          component: 'ParcelSync',
          taskName: SYNC_PARCELS,
          remotes: [fileRemote],
          fields: {},
          open: async (context) => ({
            units: (async function* () {
              yield* upstreamUnits(context);
            })(),
          }),
        },
      },
    ],
    undefined,
    {
      exportResources: [...exportResources, { name: 'Notice', content: notice, fields: [{ name: 'ident' }] }],
      uploads: [
        {
          content: parcel,
          read: async ({ values, repository, digests, size }) => {
            const unit = declareParcel(String(values.name), 1, { size, digests });
            const label = repository ? repository.name : 'nowhere';
            return { ...unit, companions: [declareShelf(label), place(unit, label)] };
          },
        },
      ],
    },
  ),
]);
await createParcelTables(world.db);
const upstream = await useUpstream();

function declareParcel(name: string, edition: number, artifact: object = {}): DeclaredContent {
  const path = `${name}-${edition}`;
  return {
    type: parcel,
    values: { name, arch: 'any', edition, path },
    artifacts: [{ relativePath: path, ...artifact }],
  };
}
const declareShelf = (label: string): DeclaredContent => ({ type: shelf, values: { label }, artifacts: [] });
type Named = DeclaredContent | SavedContent;
const place = (unit: Named, label: string, on: Named = declareShelf(label)): DeclaredContent => ({
  type: placement,
  values: { parcel: unit, shelf: on, shelf_label: on },
  artifacts: [],
});
const bundleOf = (title: string, ...members: readonly Named[]): DeclaredContent => ({
  type: bundle,
  values: { title, members },
  artifacts: [],
});

/** Saves within a new version, by the draft that hooks get. */
async function save(repository: TestRepository, ...units: readonly DeclaredContent[]): Promise<SavedContent[]> {
  let saved: SavedContent[] = [];
  finalize = async (draft) => {
    saved = await draft.save(units);
  };
  await world.run(MODIFY, { repository: repository.pulpId }).finally(() => {
    finalize = async () => {};
  });
  return saved;
}

/** Types and values of the latest version, names instead of ids. */
async function content({ id }: TestRepository): Promise<string[]> {
  const version = await latestVersion(world.db, id);
  const rows = await world.db.rows<{ told: string }>(sql`
    select coalesce(p.path, 'shelf ' || s.label, b.title || '[' || cardinality(b.members) || ']',
        (select path from parcel_parcel where content_id = l.parcel) || ' on ' ||
          (select label from parcel_shelf join content c on c.id = content_id where c.pulp_id = l.shelf) || '=' || l.shelf_label) as told
      from repository_content rc left join parcel_parcel p on p.content_id = rc.content_id
        left join parcel_shelf s on s.content_id = rc.content_id left join parcel_bundle b on b.content_id = rc.content_id
        left join parcel_placement l on l.content_id = rc.content_id
      where rc.repository_id = ${id} and rc.version_added <= ${version.number}
        and (rc.version_removed is null or rc.version_removed > ${version.number}) order by 1`);
  return rows.map(({ told }) => told);
}

test('units that are named are saved first and are in the version too', async () => {
  const repository = await world.repository({ pulpType: PARCELS });
  const [saved] = await save(repository, bundleOf('set', place(declareParcel('a', 1), 'top'), declareParcel('b', 1)));
  const expected = ['a-1', 'a-1 on top=top', 'b-1', 'set[2]', 'shelf top'];
  assert.deepEqual(await content(repository), expected);
  assert.equal(saved!.existed, false);
  const counts = [await world.count('content'), await world.count('parcel_placement')];
  const other = await world.repository({ pulpType: PARCELS });
  const [again] = await save(other, bundleOf('set', place(declareParcel('a', 1), 'top'), declareParcel('b', 1)));
  assert.deepEqual([again!.id, again!.existed], [saved!.id, true]);
  assert.deepEqual([await world.count('content'), await world.count('parcel_placement')], counts);
  assert.deepEqual(await content(other), expected);
});

test('a unit is named by its declaration or as it was saved, and is the same either way', async () => {
  const repository = await world.repository({ pulpType: PARCELS });
  const [one, on] = await save(repository, declareParcel('c', 1), declareShelf('low'));
  const [named] = await save(repository, place(one!, 'low', on!));
  const [again] = await save(repository, place(declareParcel('c', 1), 'low'));
  assert.equal(again!.id, named!.id);
  assert.equal(again!.key, named!.key);
  const row = await world.db.row(
    sql`select parcel, shelf, shelf_label from parcel_placement where content_id = ${named!.id}`,
  );
  assert.deepEqual(row, { parcel: one!.id, shelf: on!.pulpId, shelf_label: 'low' });
  const other = await save(repository, place(declareParcel('c', 2), 'low'));
  assert.notEqual(other[0]!.id, named!.id, 'what is named is part of what a unit is');
});

test('thousands of units that name a few take a few statements, whatever order they are given in', async () => {
  const repository = await world.repository({ pulpType: PARCELS });
  const shelves = [declareShelf('left'), declareShelf('right')];
  const parcels = Array.from({ length: 2000 }, (_, at) => declareParcel(`many${at}`, 1));
  const placements = parcels.map((one, at) => place(one, '', shelves[at % 2]!));
  const saved = await save(repository, ...placements, ...parcels.toReversed());
  assert.equal(saved.length, 4000);
  assert.equal(new Set(saved.map(({ id }) => id)).size, 4000);
  const row = await world.db.row(sql`select count(*)::integer as count from parcel_placement l
    join parcel_parcel p on p.content_id = l.parcel and p.name like 'many%' join content c on c.pulp_id = l.shelf`);
  assert.deepEqual(row, { count: 2000 });
  assert.equal((await content(repository)).length, 4002);
});

test('what cannot be named is refused', async () => {
  const repository = await world.repository({ pulpType: PARCELS });
  const completed = { ...declareParcel('late', 1), complete: async (unit: DeclaredContent) => unit };
  await assert.rejects(save(repository, bundleOf('late', completed)), /that is completed cannot be named/);
  const wrong = { ...bundleOf('wrong'), values: { title: 'wrong', members: ['text'] } };
  await assert.rejects(save(repository, wrong), /names units, but was given string/);
  const gone: SavedContent = {
    ...{ id: 999_999_999, pulpId: 'gone', key: 'f'.repeat(64), existed: true },
    ...{ type: parcel, values: {} },
  };
  await assert.rejects(save(repository, bundleOf('gone', gone)), /has been removed/);
});

test('an upload brings units that name it, into the repository it is for', async () => {
  const repository = await world.repository({ pulpType: PARCELS });
  const { context, created } = world.context();
  await createContent(context, world.engine, {
    contentType: 'parcel.parcel',
    artifact: await world.artifact('uploaded parcel'),
    values: { name: 'up' },
    repository: repository.pulpId,
  });
  assert.deepEqual(
    created.map((prn) => prn.split(':')[1]),
    ['core.repositoryversion', 'parcel.parcel', 'parcel.shelf', 'parcel.placement'],
  );
  const name = (await world.db.row<{ name: string }>(sql`select name from repository where id = ${repository.id}`))!
    .name;
  assert.deepEqual(await content(repository), [`shelf ${name}`, 'up-1', `up-1 on ${name}=${name}`].sort());
  const bytes = await world.db.rows(sql`select encode(a.sha256, 'hex') as sha256 from parcel_parcel p
    join content_artifact ca on ca.content_id = p.content_id join artifact a on a.id = ca.artifact_id where p.name = 'up'`);
  assert.deepEqual(bytes, [{ sha256: sha256Of('uploaded parcel') }]);
});

for (const policy of ['immediate', 'on_demand']) {
  test(`a sync declares what names, and what is named comes with its bytes (${policy})`, async () => {
    const repository = await world.repository({ pulpType: PARCELS });
    const directory = `named-${policy}`;
    const url = upstream.publish(
      directory,
      Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`${at}`, `${policy} ${at}`])),
    );
    const remote = await world.remote(url, policy);
    upstreamUnits = ({ remote: { settings }, deferred }) => {
      const parcels = Array.from({ length: 30 }, (_, at) =>
        declareParcel(`${policy}${at}`, 1, {
          url: `${new URL(`${at}`, settings.url)}`,
          digests: { sha256: sha256Of(`${policy} ${at}`) },
          deferred,
        }),
      );
      return parcels.map((one, at) => bundleOf(`b${at}`, one, parcels[(at + 1) % 30]!, place(one, 'synced')));
    };
    await world.run(SYNC_PARCELS, { repository: repository.pulpId, remote, options: { mirror: true } });
    assert.equal((await content(repository)).length, 30 * 3 + 1);
    const fetched = await world.db.row(sql`select count(*)::integer as paths, count(ca.artifact_id)::integer as here,
        count(ra.id)::integer as sources
      from parcel_parcel p join content_artifact ca on ca.content_id = p.content_id
        left join remote_artifact ra on ra.content_artifact_id = ca.id where p.name like ${`${policy}%`}`);
    assert.deepEqual(fetched, { paths: 30, here: policy === 'immediate' ? 30 : 0, sources: 30 });
    const before = await world.versions(repository);
    await world.run(SYNC_PARCELS, { repository: repository.pulpId, remote, options: { mirror: true } });
    assert.deepEqual(await world.versions(repository), before, 'the second sync changes nothing');
  });
}

/** Empties a repository, also of its past, and removes what nothing has any more. */
async function forget(repository: TestRepository): Promise<void> {
  await world.run(MODIFY, { repository: repository.pulpId, remove_content_units: ['*'] });
  for (const { number } of (await world.versions(repository)).slice(0, -1)) await deleteVersion(repository, number);
  await world.db.run(sql`update content set timestamp_of_interest = now() - interval '2 days'`);
  await world.run(ORPHANS, { orphan_protection_time: 0 });
}

async function deleteVersion(repository: TestRepository, number: number): Promise<void> {
  const row = await world.db.row<{ pulp_id: string }>(
    sql`select pulp_id from repository_version where repository_id = ${repository.id} and number = ${number}`,
  );
  await world.run(DELETE_VERSION, { repository_version: row!.pulp_id });
}

test('archives tell what is named by ids of theirs', async () => {
  const repository = await world.repository({ pulpType: PARCELS });
  await save(repository, bundleOf('archived', place(declareParcel('t', 1), 'told'), declareParcel('u', 2)));
  const expected = await content(repository);
  const { context } = world.context();
  const [row, version] = [
    await requireRepository(context, repository.pulpId),
    await latestVersion(world.db, repository.id),
  ];
  const file = join(world.root, 'archive.tar');
  const tar = new TarWriter(new ChunkedFile(file, null), world.root);
  await exportVersion(context, tar, { repository: row, version }, exportResources);
  await tar.end();
  await forget(repository);
  assert.equal((await world.db.rows(sql`select from parcel_bundle where title = 'archived'`)).length, 0);
  const target = await world.repository({ pulpType: PARCELS });
  await world.run(IMPORT_VERSION, {
    importer: '',
    source: row.name,
    folder: versionFolder(row.name, version.number),
    repository: target.pulpId,
    pieces: [file],
  });
  assert.deepEqual(await content(target), expected);
});

test('orphans that are named stay, and go with those that name them', async () => {
  const repository = await world.repository({ pulpType: PARCELS });
  const own = declareParcel('kept', 1);
  const [held] = await save(repository, bundleOf('outer', bundleOf('inner', place(own, 'orphaned'))));
  finalize = async (draft) => {
    const rows = await draft.db.rows<{ content_id: number }>(sql`select rc.content_id from repository_content rc
      where rc.repository_id = ${repository.id} and rc.version_removed is null and rc.content_id <> ${held!.id}`);
    await draft.remove(rows.map((row) => row.content_id));
  };
  await world.run(MODIFY, { repository: repository.pulpId });
  finalize = async () => {};
  assert.deepEqual(await content(repository), ['outer[1]']);
  await deleteVersion(repository, 1);
  await world.db.run(sql`update content set timestamp_of_interest = now() - interval '2 days'`);
  await world.run(ORPHANS, { orphan_protection_time: 0 });
  const there = async () =>
    await world.db.row(sql`select
    (select count(*)::integer from parcel_parcel where name = 'kept') as parcels,
    (select count(*)::integer from parcel_shelf where label = 'orphaned') as shelves,
    (select count(*)::integer from parcel_bundle where title in ('inner', 'outer')) as bundles`);
  assert.deepEqual(await there(), { parcels: 1, shelves: 1, bundles: 2 });
  await forget(repository);
  assert.deepEqual(await there(), { parcels: 0, shelves: 0, bundles: 0 });
});

test('a unit that comes by itself and is named, before or after and in other batches, is fetched once', async () => {
  const repository = await world.repository({ pulpType: PARCELS });
  const texts = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`${at}`, `once ${at}`]));
  const remote = await world.remote(upstream.publish('once', texts));
  upstreamUnits = ({ remote: { settings } }) => {
    const parcels = Object.entries(texts).map(([at, text]) =>
      declareParcel(`once${at}`, 1, { url: `${new URL(at, settings.url)}`, digests: { sha256: sha256Of(text) } }),
    );
    const [early, late] = [parcels.slice(0, 10), parcels.slice(10)];
    const named = Array.from({ length: 5000 }, (_, at) => bundleOf(`once ${at}`, parcels[at % 20]!, parcels[0]!));
    return [...early, ...named, ...late];
  };
  await world.run(SYNC_PARCELS, { repository: repository.pulpId, remote });
  assert.equal((await content(repository)).length, 5020);
  const asked = upstream.requests.filter((path) => path.startsWith('/once/'));
  assert.deepEqual(asked.toSorted(), [...new Set(asked)].toSorted());
  assert.equal(asked.length, 20);
});
