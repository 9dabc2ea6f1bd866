import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { createContentNow } from '../../src/engines/upload/create-content.ts';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { latestVersion } from '../../src/model/repositories/repository-version.ts';
import type { ContentTask } from '../../src/plugin-api/contracts/content-tools.ts';
import type { DeclaredContent } from '../../src/plugin-api/contracts/declared-content.ts';
import type { DraftContext } from '../../src/plugin-api/contracts/draft.ts';
import { createParcelTables, PARCELS, parcel, parcelPlugin } from '../support/parcel-type.ts';
import { useWorld } from './world.ts';

let work: ContentTask['run'] = async () => undefined;
let finalize: (draft: DraftContext) => Promise<void> = async () => {};
const TASK = 'parcel.work';

const declare = (name: string, artifact: object): DeclaredContent => ({
  type: parcel,
  values: { name, arch: 'any', edition: 1, path: name },
  artifacts: [{ relativePath: name, ...artifact }],
});

const world = await useWorld({}, [
  parcelPlugin([{ finalize: (draft) => finalize(draft) }], undefined, {
    tasks: [{ name: TASK, run: (context, args) => work(context, args) }],
    uploads: [
      {
        content: parcel,
        /** What it is given is signed: the unit has other bytes than those that came. */
        read: async ({ file, content, values }) => {
          const temp = await content.receive([await readFile(file), Buffer.from(' signed')]);
          if (values.name === 'refused') throw new Error('refused');
          return declare(String(values.name), { temp });
        },
      },
    ],
  }),
]);
await createParcelTables(world.db);

const hasBytes = async (text: string) =>
  (await world.db.rows(sql`select from artifact where sha256 = ${`\\x${sha256Of(text)}`}::bytea`)).length === 1;

async function paths(id: number): Promise<string[]> {
  const { number } = await latestVersion(world.db, id);
  const rows = await world.db.rows<{ path: string }>(sql`select p.path from repository_content rc
    join parcel_parcel p on p.content_id = rc.content_id where rc.repository_id = ${id} and rc.version_added <= ${number}
      and (rc.version_removed is null or rc.version_removed > ${number}) order by 1`);
  return rows.map(({ path }) => path);
}

test('a task receives, saves and makes a version; what it does not keep is gone', async () => {
  const made = await world.repository({ pulpType: PARCELS });
  work = async ({ content }, { name }: { name: string }) => {
    const { repository, latest } = await content.repository(made.pulpId);
    assert.deepEqual([repository.id, latest.number], [made.id, 0]);
    await content.receive([Buffer.from('not kept')]);
    const temp = await content.receive([Buffer.from('kept '), Buffer.from(name)], {
      digests: { sha256: sha256Of(`kept ${name}`) },
    });
    const [loose] = await content.saveArtifacts([await content.receive([Buffer.from('loose')])]);
    assert.ok(loose);
    const version = await content.newVersion(repository, async (draft) => {
      const [saved] = await draft.save([declare(name, { temp })]);
      assert.equal(await draft.add([saved!.id]), 0, 'it is in the version already');
    });
    return await content.withFile(temp.digests.sha256, async (path) => [version?.number, await readFile(path, 'utf8')]);
  };
  assert.deepEqual((await world.run(TASK, { name: 'one' })).result, [1, 'kept one']);
  assert.deepEqual(await paths(made.id), ['one']);
  assert.deepEqual([await hasBytes('loose'), await hasBytes('not kept')], [true, false]);
  work = async ({ content }) => {
    await assert.rejects(content.receive([Buffer.from('x')], { digests: { sha256: 'f'.repeat(64) } }));
    await content.receive([Buffer.from('a failing task')]);
    throw new Error('cut off');
  };
  await assert.rejects(world.run(TASK, {}), /cut off/);
  assert.deepEqual(world.temporaryFiles(), []);
});

test('a hook has tools within its transaction', async () => {
  const made = await world.repository({ pulpType: PARCELS });
  finalize = async (draft) => {
    const { latest } = await draft.content.repository(draft.repository.pulpId);
    assert.equal(latest.number, 0, 'the version in the making is not complete');
    await draft.content.receive([Buffer.from('left by a hook')]);
    const temp = await draft.content.receive([Buffer.from('of a hook')]);
    await draft.save([declare('hooked', { temp })]);
  };
  work = async ({ content }) => {
    const { repository } = await content.repository(made.pulpId);
    await content.newVersion(repository, async () => {});
  };
  await world.run(TASK, {});
  finalize = async () => {};
  assert.deepEqual(await paths(made.id), ['hooked']);
  assert.equal(await hasBytes('of a hook'), true);
  assert.deepEqual(world.temporaryFiles(), []);
});

test('an upload may have other bytes than those that came, which are not kept then', async () => {
  const { context } = world.context();
  const upload = async (name: string) => {
    const received = await world.store.receive([Buffer.from(name)], { digests: ['sha256'] });
    return await createContentNow(context, world.engine, world.domain, {
      contentType: parcel.pulpType,
      received,
      values: { name },
    });
  };
  const { pulpId } = await upload('package');
  const rows = await world.db.rows(sql`select encode(a.sha256, 'hex') as sha256 from content c
    join content_artifact ca on ca.content_id = c.id join artifact a on a.id = ca.artifact_id where c.pulp_id = ${pulpId}`);
  assert.deepEqual(rows, [{ sha256: sha256Of('package signed') }]);
  assert.equal(await hasBytes('package'), false);
  await assert.rejects(upload('refused'), /refused/);
  assert.deepEqual(world.temporaryFiles(), []);
});
