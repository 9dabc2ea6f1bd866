/** Runs the conformance tests of storage drivers against an object store, and what only object stores do. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { S3Driver } from '../../src/storage/drivers/s3.ts';
import { StorageUnavailable } from '../../src/storage/storage-errors.ts';
import { useObjectStore } from '../support/object-store.ts';
import { testDriver } from '../support/storage-conformance.ts';

const store = await useObjectStore(['artifacts']);
const scratch = mkdtempSync(join(tmpdir(), 'deckle-s3-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

testDriver('s3', async () => new S3Driver(store.choice('artifacts', uuid7())));

test('a file larger than a part goes in several and comes back whole', async () => {
  const driver = new S3Driver(store.choice('artifacts', 'large'));
  const bytes = randomBytes(40 * 1024 * 1024 + 7);
  const file = join(scratch, 'large');
  writeFileSync(file, bytes);
  await driver.moveIn(file, 'artifact/aa/bb');
  const { size, stream } = await driver.open('artifact/aa/bb');
  assert.equal(size, bytes.length);
  assert.ok(bytes.equals(await buffer(stream)));
});

test('two prefixes of a bucket do not see each other', async () => {
  const [one, two] = ['one', 'two'].map((prefix) => new S3Driver(store.choice('artifacts', prefix)));
  const file = join(scratch, 'x');
  writeFileSync(file, 'x');
  await one!.copyIn(file, 'a/b');
  assert.equal(await two!.stat('a/b'), undefined);
  assert.deepEqual(
    (await Array.fromAsync(one!.list(''))).map(({ key }) => key),
    ['a/b'],
  );
});

test('a link gives the bytes to anybody, under the name and type asked for', async () => {
  const driver = new S3Driver(store.choice('artifacts', 'links'));
  const file = join(scratch, 'linked');
  writeFileSync(file, 'linked bytes');
  await driver.copyIn(file, 'a/b');
  const link = await driver.presign('a/b', { filename: 'tést.txt', contentType: 'text/x-test', expires: 60 });
  assert.ok(!link.includes('secret'));
  assert.equal(new URL(link).searchParams.get('X-Amz-Expires'), '60');
  const response = await fetch(link);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/x-test');
  assert.match(response.headers.get('content-disposition') ?? '', /filename\*=UTF-8''t%C3%A9st\.txt/);
  assert.equal(await response.text(), 'linked bytes');
});

test('a store that is away or a bucket that is not there is an error that names what it is about', async () => {
  const none = new S3Driver(store.choice('no-such-bucket'));
  await assert.rejects(none.writable(), /refused tmp\/writable-.* in bucket no-such-bucket: NoSuchBucket/);
  const away = new S3Driver({ ...store.choice('artifacts'), endpoint: 'http://127.0.0.1:9' });
  await assert.rejects(away.stat('a/b'), /ECONNREFUSED/);
  await assert.rejects(away.stat('a/b'), StorageUnavailable);
  await assert.rejects(Array.fromAsync(away.list('')), StorageUnavailable);
  const file = join(scratch, 'away');
  writeFileSync(file, 'x');
  await assert.rejects(away.copyIn(file, 'a/b'), StorageUnavailable);
  await assert.rejects(none.copyIn(file, 'a/b'), StorageUnavailable);
  await assert.rejects(away.copyIn(join(scratch, 'no such file'), 'a/b'), { code: 'ENOENT' });
});
