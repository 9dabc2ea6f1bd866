/** Tests of receiving, keeping and discarding artifacts. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import { DIGEST_NAMES, digestsOf } from '../lib/crypto/digest.ts';
import { ArtifactStore } from './artifact-store.ts';
import { FilesystemDriver } from './drivers/filesystem.ts';
import { BodyTooLarge, DigestMismatch, MissingFile, SizeMismatch, StorageFull } from './storage-errors.ts';

const DOMAIN = '0190b2c3-0000-7000-8000-000000000000';
const small = Buffer.from('hello');
const medium = Buffer.alloc(600_000, 'medium');
const large = Buffer.alloc(5_000_000, 'large body ');

let root: string;
let driver: FilesystemDriver;
let store: ArtifactStore;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'deckle-store-'));
  driver = await FilesystemDriver.create(root);
  store = new ArtifactStore({ driver, workDirectory: join(root, 'tmp/files') });
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function leftovers(): Promise<string[]> {
  return readdir(join(root, 'tmp/files')).catch(() => []);
}

function* pieces(body: Buffer, length = 65_536) {
  for (let at = 0; at < body.length; at += length) yield body.subarray(at, at + length);
}

async function* failing(body: Buffer, error: Error) {
  yield* pieces(body);
  throw error;
}

for (const [name, body] of Object.entries({ empty: Buffer.alloc(0), small, medium, large })) {
  test(`${name}: received, hashed, kept, read again`, async () => {
    const temp = await store.receive(Readable.from(pieces(body)), {
      digests: DIGEST_NAMES,
      expected: { size: body.length },
    });
    assert.deepEqual({ ...temp.digests }, digestsOf(body, DIGEST_NAMES));
    assert.equal(temp.size, body.length);
    const [key] = await store.keep([temp]);
    assert.equal(key, `artifact/${temp.digests.sha256.slice(0, 2)}/${temp.digests.sha256.slice(2)}`);
    assert.deepEqual(await readFile(join(root, key!)), body);
    assert.deepEqual(await leftovers(), []);
  });

  test(`${name}: a wrong digest is found and nothing is left`, async () => {
    const expected = { digests: { sha512: '0'.repeat(128), md5: null } };
    await assert.rejects(store.receive(pieces(body), { digests: [], expected }), (error) => {
      return error instanceof DigestMismatch && error.message === 'The sha512 checksum did not match.';
    });
    assert.deepEqual(await leftovers(), []);
  });

  test(`${name}: an error of the source leaves nothing`, async () => {
    const broken = store.receive(failing(body, new Error('cut off')), { digests: [] });
    await assert.rejects(broken, /cut off/);
    const full = store.receive(failing(body, Object.assign(new Error('no'), { code: 'ENOSPC' })), { digests: [] });
    await assert.rejects(full, StorageFull);
    assert.deepEqual(await leftovers(), []);
  });
}

for (const size of [3, 4_000_000]) {
  test(`reading stops as soon as more than ${size} bytes came`, async () => {
    let ended = false;
    async function* endless() {
      try {
        for (;;) yield large.subarray(0, 100_000);
      } finally {
        ended = true;
      }
    }
    await assert.rejects(store.receive(endless(), { digests: [], expected: { size } }), SizeMismatch);
    assert.ok(ended);
    await assert.rejects(store.receive(endless(), { digests: [], maxSize: size }), BodyTooLarge);
    assert.deepEqual(await leftovers(), []);
  });
}

test('too short a body is an error', async () => {
  const short = store.receive([small], { digests: [], expected: { size: 6 } });
  await assert.rejects(
    short,
    (error) => error instanceof SizeMismatch && error.actual === '5' && error.expected === '6',
  );
});

for (const received of [10, 3_000_000]) {
  test(`an abort after ${received} bytes ends a source that hangs`, { timeout: 10_000 }, async () => {
    const abort = new AbortController();
    const source = new Readable({ read() {} });
    for (const piece of pieces(large.subarray(0, received))) source.push(piece);
    setTimeout(() => abort.abort(new Error('stop it')), 50);
    await assert.rejects(store.receive(source, { digests: [], signal: abort.signal }), /stop it/);
    assert.ok(source.destroyed);
    assert.deepEqual(await leftovers(), []);
  });
}

test('a batch is kept, equal bodies included, and another domain has its own place', async () => {
  const bodies = Array.from({ length: 100 }, (_, index) => Buffer.from(`body ${index % 90}`));
  const temps = await Promise.all(bodies.map((body) => store.receive([body], { digests: [] })));
  const keys = await store.keep(temps);
  for (const [index, key] of keys.entries()) assert.deepEqual(await readFile(join(root, key)), bodies[index]);
  const other = store.forDomain(DOMAIN);
  const [key] = await other.keep([await other.receive([small], { digests: [] })]);
  assert.ok(key?.startsWith(`artifact/${DOMAIN}/2c/`));
});

test('a batch that cannot be kept is discarded', async () => {
  const full = Object.create(driver, {
    moveIn: { value: () => Promise.reject(Object.assign(new Error('no'), { code: 'EDQUOT' })) },
  });
  const broken = new ArtifactStore({ driver: full, workDirectory: join(root, 'tmp/files') });
  const temps = [await broken.receive([small], { digests: [] }), await broken.receive([large], { digests: [] })];
  await assert.rejects(broken.keep(temps), StorageFull);
  assert.deepEqual(await leftovers(), []);
});

test('discarding is harmless before and after', async () => {
  const temp = await store.receive([small], { digests: [] });
  await store.discard(temp);
  await store.discard(temp);
  assert.deepEqual(await leftovers(), []);
});

test('chunks in any order make one body; the same offset replaces', async () => {
  await store.uploads.write('u1', 3_000_000, pieces(large.subarray(3_000_000)), { expectedSize: 2_000_000 });
  await store.uploads.write('u1', 0, [small]);
  const sha256 = digestsOf(large.subarray(0, 3_000_000), ['sha256']).sha256!;
  assert.deepEqual(await store.uploads.write('u1', 0, pieces(large.subarray(0, 3_000_000)), { sha256 }), {
    offset: 0,
    size: 3_000_000,
  });
  const chunks = [
    { offset: 3_000_000, size: 2_000_000 },
    { offset: 0, size: 3_000_000 },
  ];
  const temp = await store.uploads.assemble('u1', chunks, { digests: ['md5'], expected: { size: large.length } });
  assert.equal(temp.digests.sha256, digestsOf(large, ['sha256']).sha256);
  assert.deepEqual([...(await store.uploads.ids()).keys()], ['u1']);
  await store.uploads.remove('u1');
  await store.uploads.remove('u1');
  assert.deepEqual(await Array.fromAsync(driver.list('upload/')), []);
});

test('wrong chunks are refused', async () => {
  await assert.rejects(store.uploads.write('u2', 0, [small], { expectedSize: 4 }), SizeMismatch);
  await assert.rejects(store.uploads.write('u2', 0, [small], { sha256: 'f'.repeat(64) }), DigestMismatch);
  await assert.rejects(store.uploads.write('u2', -1, [small]), RangeError);
  await assert.rejects(store.uploads.write('../u2', 0, [small]), /Not a storage key/);
  assert.deepEqual(await Array.fromAsync(driver.list('upload/')), []);
  await assert.rejects(store.uploads.assemble('u2', [{ offset: 0, size: 5 }], { digests: [] }), MissingFile);
  await store.uploads.write('u2', 0, [small]);
  await assert.rejects(store.uploads.assemble('u2', [{ offset: 0, size: 9 }], { digests: [] }), SizeMismatch);
  assert.deepEqual(await leftovers(), []);
});

test('old leftovers and old empty directories are swept, fresh ones stay', async () => {
  await (await store.receive([small], { digests: [] })).path;
  const old = join(root, 'tmp/files/old');
  await writeFile(old, 'x');
  await utimes(old, 1, 1);
  const [key] = await store.keep([await store.receive([medium], { digests: [] })]);
  await driver.remove(key!);
  await utimes(join(root, key!, '..'), 1, 1);
  assert.equal(await store.sweep(3_600_000), 1);
  assert.equal((await leftovers()).length, 1);
  assert.deepEqual(await readdir(join(root, 'artifact')), []);
});

test('without durability the driver is not asked to sync', async () => {
  let syncs = 0;
  const counting = Object.create(driver, { sync: { value: async () => void syncs++ } });
  for (const fsync of [false, true]) {
    const own = new ArtifactStore({ driver: counting, workDirectory: join(root, 'tmp/files'), fsync });
    counting.moveIn = driver.moveIn.bind(driver);
    await own.keep([await own.receive([small], { digests: [] })]);
  }
  assert.equal(syncs, 1);
});
