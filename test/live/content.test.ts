/** Live protocols that save units within a request, as tasks do. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import type { LiveApi } from '../../src/plugin-api/contracts/live.ts';
import { createParcelTables, parcel, parcelPlugin, placement, shelf } from '../support/parcel-type.ts';
import { useLive } from './world.ts';

/** `PUT <shelf>/<name>`: the body is the parcel; one named `nothing` is received and not kept. */
const deploy: LiveApi = {
  prefixes: () => ['/parcels/'],
  routes: [
    {
      method: 'PUT',
      path: '{label}/{name}',
      handle: async (request, { label, name = '' }) => {
        const domain = (await request.domain('default'))!;
        const content = request.content(domain);
        const temp = await content.receive(request.stream());
        if (name === 'nothing') return { status: 204 };
        const unit = {
          type: parcel,
          values: { name, arch: 'any', edition: 1, path: name },
          artifacts: [{ relativePath: name, temp }],
        };
        const on = { type: shelf, values: { label }, artifacts: [] };
        const [placed, one] = await content.save([
          { type: placement, values: { parcel: unit, shelf: on, shelf_label: on }, artifacts: [] },
          unit,
        ]);
        const size = await content.withFile(temp.digests.sha256, async (path) => (await stat(path)).size);
        return { status: 201, body: { placed: placed!.pulpId, parcel: one!.pulpId, existed: one!.existed, size } };
      },
    },
  ],
};

const world = await useLive(parcelPlugin(undefined, undefined, { live: [deploy] }));
const { db, settings } = world.services;
await createParcelTables(db);
const put = async (path: string, body: string) => await world.ask('PUT', `/parcels/${path}`, { body });

interface Deployed {
  readonly placed: string;
  readonly parcel: string;
  readonly existed: boolean;
  readonly size: number;
}
const deployed = async (path: string, body: string) => (await (await put(path, body)).json()) as Deployed;

test('a request saves units with what they name and their bytes, once', async () => {
  const first = await deployed('top/a', 'bytes of a');
  const again = await deployed('top/a', 'bytes of a');
  assert.deepEqual({ ...again, existed: false }, first);
  assert.deepEqual([again.existed, again.size], [true, 'bytes of a'.length]);
  const rows = await db.rows(sql`
    select c.pulp_id as parcel, encode(a.sha256, 'hex') as sha256, s.label from parcel_placement l
      join content c on c.id = l.parcel join content_artifact ca on ca.content_id = c.id join artifact a on a.id = ca.artifact_id
      join content sc on sc.pulp_id = l.shelf join parcel_shelf s on s.content_id = sc.id`);
  assert.deepEqual(rows, [{ parcel: first.parcel, sha256: sha256Of('bytes of a'), label: 'top' }]);
});

test('requests at the same time make one unit of each', async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, at) => deployed(`shared/${at % 3}`, `parcel ${at % 3}`)),
  );
  assert.equal(new Set(answers.map(({ parcel: id }) => id)).size, 3);
  assert.equal(new Set(answers.map(({ placed }) => placed)).size, 3);
  const [row] = await db.rows(sql`select count(*)::integer as count from parcel_shelf where label = 'shared'`);
  assert.deepEqual(row, { count: 1 });
});

test('what was received and not saved is gone after the answer', async () => {
  assert.equal((await put('top/nothing', 'not kept')).status, 204);
  assert.equal(
    (await db.rows(sql`select from artifact where sha256 = ${`\\x${sha256Of('not kept')}`}::bytea`)).length,
    0,
  );
  assert.deepEqual(readdirSync(join(settings.data, 'media', 'tmp', 'files')), []);
});
