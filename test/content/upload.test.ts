import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { createContentNow } from '../../src/engines/upload/create-content.ts';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { useUpstream } from './upstream.ts';
import { entry, useWorld } from './world.ts';

const world = await useWorld();
const upstream = await useUpstream();
const COMMIT = 'pulpcore.app.tasks.upload.commit';

async function chunked(...chunks: readonly string[]): Promise<string> {
  const pulpId = uuid7();
  const size = chunks.join('').length;
  await world.db.run(
    sql`insert into upload (pulp_id, domain_id, size) values (${pulpId}, ${world.domain.id}, ${size})`,
  );
  let offset = 0;
  for (const text of chunks) {
    await world.store.uploads.write(pulpId, offset, [Buffer.from(text)]);
    await world.db.run(sql`insert into upload_chunk values (${pulpId}, ${offset}, ${text.length})`);
    offset += text.length;
  }
  return pulpId;
}

const uploadExists = async (pulpId: string) =>
  (await world.db.rows(sql`select from upload where pulp_id = ${pulpId}`)).length === 1;

test('the same unit again is the old one, and is added to the repository', async () => {
  const repository = await world.repository();
  const first = await world.upload('same.txt', 'same', { labels: { kind: 'first' } });
  const again = await world.upload('same.txt', 'same', { labels: { kind: 'other' }, repository: repository.pulpId });
  assert.deepEqual(again.result, first.result);
  assert.deepEqual(
    again.created.map((prn) => prn.split(':')[1]),
    ['core.repositoryversion', 'file.filecontent'],
  );
  const row = await world.db.row<{ pulp_labels: object }>(
    sql`select pulp_labels from content where pulp_id = ${first.result!.id}`,
  );
  assert.deepEqual(row!.pulp_labels, { kind: 'first' });
  const third = await world.upload('same.txt', 'same', { repository: repository.pulpId });
  assert.deepEqual(third.created, [`prn:file.filecontent:${first.result!.id}`]);
});

test('overwrite: false refuses another unit at the path and leaves no version', async () => {
  const repository = await world.repository();
  await world.upload('over.txt', 'one', { repository: repository.pulpId });
  await assert.rejects(
    world.upload('over.txt', 'two', { repository: repository.pulpId, overwrite: false }),
    /^PulpError: \[PLP0023\] Content overwrite rejected/,
  );
  await world.upload('over.txt', 'one', { repository: repository.pulpId, overwrite: false });
  assert.deepEqual(await world.paths(repository), [entry('over.txt', 'one')]);
});

test('bytes that were dropped come back', async () => {
  const { result } = await world.upload('back.txt', 'dropped bytes');
  const id = (await world.db.row<{ id: number }>(sql`select id from content where pulp_id = ${result!.id}`))!.id;
  await world.db.run(sql`update content_artifact set artifact_id = null where content_id = ${id}`);
  await world.upload('back.txt', 'dropped bytes');
  const row = await world.db.row<{ artifact_id: number | null }>(
    sql`select artifact_id from content_artifact where content_id = ${id}`,
  );
  assert.notEqual(row!.artifact_id, null);
});

test('bytes of an artifact whose file is lost are restored', async () => {
  await world.upload('lost.txt', 'lost file');
  const file = world.store.driver.localPath(world.store.keyOf(sha256Of('lost file')))!;
  rmSync(file);
  await world.upload('lost.txt', 'lost file');
  assert.ok(await world.store.driver.stat(world.store.keyOf(sha256Of('lost file'))));
});

test('chunks become a unit, and the upload is gone', async () => {
  const upload = await chunked('one ', 'two');
  const { context } = world.context();
  const { pulpId, existed } = await createContentNow(context, world.engine, world.domain, {
    contentType: 'file.file',
    upload,
    values: { relative_path: 'chunks.txt' },
  });
  assert.equal(existed, false);
  const row = await world.db.row<{ digest: string }>(sql`
    select d.digest from content c join file_content d on d.content_id = c.id where c.pulp_id = ${pulpId}`);
  assert.equal(row!.digest, sha256Of('one two'));
  assert.equal(await uploadExists(upload), false);
});

test('an upload is committed once its digest is right; equal bytes are refused', async () => {
  const upload = await chunked('commit ', 'me');
  await assert.rejects(world.run(COMMIT, { upload, sha256: '0'.repeat(64) }), {
    message: '{"non_field_errors":["The sha256 checksum did not match."]}',
  });
  assert.ok(await uploadExists(upload));
  const { created } = await world.run(COMMIT, { upload, sha256: sha256Of('commit me') });
  assert.match(created[0]!, /^prn:core\.artifact:/);
  assert.equal(await uploadExists(upload), false);
  const other = await chunked('commit me');
  await assert.rejects(world.run(COMMIT, { upload: other, sha256: sha256Of('commit me') }), {
    message: `{"non_field_errors":["Artifact with sha256 checksum of '${sha256Of('commit me')}' already exists."]}`,
  });
  assert.ok(await uploadExists(other));
  assert.deepEqual(world.temporaryFiles(), []);
});

test('bytes are fetched from a URL', async () => {
  upstream.files.set('/some/file.txt', Buffer.from('by url'));
  const url = `${upstream.origin.replace('http://', 'http://user:pa%20ss@')}/some/file.txt`;
  const { result } = await world.upload('url.txt', '', { artifact: null, file_url: url });
  const row = await world.db.row<{ digest: string }>(sql`
    select d.digest from content c join file_content d on d.content_id = c.id where c.pulp_id = ${result!.id}`);
  assert.equal(row!.digest, sha256Of('by url'));
  await assert.rejects(world.upload('url.txt', '', { artifact: null, file_url: `${upstream.origin}/none` }), {
    message: `404, message='Not Found', url='${upstream.origin}/none'`,
  });
});

test('many at once of the same bytes make one unit', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => world.upload('race.txt', 'race')));
  assert.equal(new Set(all.map(({ result }) => result!.id)).size, 1);
});
