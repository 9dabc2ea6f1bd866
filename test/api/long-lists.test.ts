/** Lists of all content by the counters: lengths and pages are those of a plain list, across ranges of ids and after removals. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { useApi } from '../support/api.ts';

const { call, db } = await useApi();
const FILES = 'content/file/files/';

/** Units with ids on both sides of the borders of ranges. */
const ids = [1, 2, 3, 65_534, 65_535, 65_536, 65_537, 131_071, 131_072, 400_000];

async function insert(id: number): Promise<void> {
  await db.run(sql`insert into content (id, pulp_id, domain_id, pulp_type, natural_key)
    values (${id}, ${uuid7()}, (select id from domain where name = 'default'), 'file.file', sha256(${String(id)}::bytea))`);
  await db.run(sql`insert into file_content (content_id, relative_path, digest) values (${id}, ${`f${id}`}, 'x')`);
  await db.run(sql`insert into content_artifact (content_id, relative_path) values (${id}, ${`f${id}`})`);
}

async function paths(query: string): Promise<{ count: number; paths: string[] }> {
  const { status, body } = await call('GET', `${FILES}?fields=relative_path&${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return { count: body.count, paths: body.results.map((one: { relative_path: string }) => one.relative_path) };
}

test('every page of a list is the page of a plain list', async () => {
  for (const id of ids) await insert(id);
  const newestFirst = ids.toReversed().map((id) => `f${id}`);
  for (let offset = 0; offset <= ids.length + 1; offset++) {
    const page = await paths(`limit=3&offset=${offset}`);
    assert.deepEqual(page, { count: ids.length, paths: newestFirst.slice(offset, offset + 3) }, `offset ${offset}`);
  }
  const byPath = await paths('ordering=relative_path&limit=2&offset=4');
  assert.deepEqual(byPath.paths, newestFirst.toSorted().slice(4, 6));
});

test('what is removed is not counted', async () => {
  await db.run(sql`delete from file_content where content_id in (65536, 400000)`);
  await db.run(sql`delete from content where id in (65536, 400000)`);
  const { count, paths: shown } = await paths('limit=4&offset=2');
  assert.equal(count, ids.length - 2);
  assert.deepEqual(shown, ['f65537', 'f65535', 'f65534', 'f3']);
  const generic = await call('GET', 'content/?limit=1');
  assert.equal(generic.body.count, ids.length - 2);
});

test('the list of artifacts is paged by counters too', async () => {
  for (const id of ids) {
    await db.run(sql`insert into artifact (id, pulp_id, domain_id, size, sha256)
      values (${id}, ${uuid7()}, (select id from domain where name = 'default'), ${id}, sha256(${String(id)}::bytea))`);
  }
  await db.run(sql`delete from artifact where id = 65536`);
  const newestFirst = ids.filter((id) => id !== 65_536).toReversed();
  for (let offset = 0; offset <= newestFirst.length; offset++) {
    const { body } = await call('GET', `artifacts/?fields=size&limit=3&offset=${offset}`);
    const sizes = body.results.map((one: { size: number }) => one.size);
    assert.deepEqual(
      [body.count, sizes],
      [newestFirst.length, newestFirst.slice(offset, offset + 3)],
      `offset ${offset}`,
    );
  }
  const { body } = await call('GET', 'artifacts/?ordering=size&limit=2');
  assert.deepEqual([body.count, body.results[0].size], [newestFirst.length, 1]);
  assert.equal((await call('GET', 'content/?limit=1')).body.count, ids.length - 2);
});
