/** The tests every storage driver must pass; a driver's own test file calls them with a way to make an empty store. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { StorageDriver } from '../../src/storage/drivers/driver.ts';
import { InvalidKey, MissingFile } from '../../src/storage/storage-errors.ts';

const BAD_KEYS = ['', '/', '/etc/passwd', '../x', 'a/../../x', 'a/..', './a', 'a//b', 'a/', 'a\0b'];

/** `makeDriver` gets an empty directory it may use, removed after each test. */
export function testDriver(name: string, makeDriver: (directory: string) => Promise<StorageDriver>): void {
  describe(`storage driver ${name}`, () => {
    let scratch: string;
    let driver: StorageDriver;
    let files = 0;

    beforeEach(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'deckle-driver-'));
      driver = await makeDriver(join(scratch, 'store'));
    });
    afterEach(() => rm(scratch, { recursive: true, force: true }));

    const localFile = async (content: string | Uint8Array) => {
      const path = join(scratch, `local-${files++}`);
      await writeFile(path, content);
      return path;
    };
    const put = async (key: string, content: string | Uint8Array) => driver.moveIn(await localFile(content), key);
    const get = async (key: string) => (await buffer((await driver.open(key)).stream)).toString();
    const keysOf = async (prefix: string) => (await Array.fromAsync(driver.list(prefix))).map(({ key }) => key).sort();

    test('what is moved in can be read, and the local file is gone', async () => {
      const local = await localFile('content');
      await driver.moveIn(local, 'artifact/ab/cdef');
      assert.equal(await get('artifact/ab/cdef'), 'content');
      await assert.rejects(stat(local), { code: 'ENOENT' });
    });

    test('moving in replaces what is there', async () => {
      await put('a/b', 'old');
      await put('a/b', 'newer');
      assert.equal(await get('a/b'), 'newer');
    });

    test('a copy in leaves the local file, a copy out writes a new one', async () => {
      const local = await localFile('copied');
      await driver.copyIn(local, 'a/copy');
      assert.equal(await readFile(local, 'utf8'), 'copied');
      const out = join(scratch, 'out');
      await driver.copyOut('a/copy', out);
      assert.equal(await readFile(out, 'utf8'), 'copied');
      await assert.rejects(driver.copyOut('a/copy', out));
      await assert.rejects(driver.copyOut('a/none', join(scratch, 'none')), MissingFile);
    });

    test('ranges include both ends, the size is that of the whole', async () => {
      await put('a/range', '0123456789');
      const { size, stream } = await driver.open('a/range', { start: 2, end: 4 });
      assert.equal(size, 10);
      assert.equal((await buffer(stream)).toString(), '234');
      const last = await driver.open('a/range', { start: 9, end: 9 });
      assert.equal((await buffer(last.stream)).toString(), '9');
    });

    test('empty and large files', async () => {
      await put('a/empty', '');
      assert.equal(await get('a/empty'), '');
      const large = Buffer.alloc(3_000_001, 'xyz');
      await put('a/large', large);
      const { size, stream } = await driver.open('a/large');
      assert.equal(size, large.length);
      assert.deepEqual(await buffer(stream), large);
    });

    test('stat knows size and time, and what is not there', async () => {
      await put('a/stat', 'four');
      const stats = await driver.stat('a/stat');
      assert.equal(stats?.size, 4);
      assert.ok(Math.abs(stats.mtime - Date.now()) < 60_000);
      assert.equal(await driver.stat('a/none'), undefined);
      assert.equal(await driver.stat('a/stat/below'), undefined);
    });

    test('opening what is not there is an error of its own', async () => {
      await assert.rejects(driver.open('a/none'), MissingFile);
      await put('a/b/c', 'x');
      await assert.rejects(driver.open('a/b'), MissingFile);
      await assert.rejects(driver.open('a/b/c/d'), MissingFile);
    });

    test('removing, also what is not there', async () => {
      await put('a/gone', 'x');
      await driver.remove('a/gone');
      await driver.remove('a/gone');
      await driver.remove('never/was');
      assert.equal(await driver.stat('a/gone'), undefined);
    });

    test('a list holds the keys of a prefix', async () => {
      for (const key of ['artifact/aa/1', 'artifact/aa/2', 'artifact/ab/3', 'artifacts', 'upload/u/0'])
        await put(key, key);
      assert.deepEqual(await keysOf('artifact/'), ['artifact/aa/1', 'artifact/aa/2', 'artifact/ab/3']);
      assert.deepEqual(await keysOf('artifact/aa'), ['artifact/aa/1', 'artifact/aa/2']);
      assert.deepEqual(await keysOf('none/'), []);
      assert.equal((await keysOf('')).length, 5);
      const [first] = await Array.fromAsync(driver.list('upload/'));
      assert.equal(first?.size, 'upload/u/0'.length);
    });

    test('sync takes few and many keys', async () => {
      await driver.sync([]);
      const keys = Array.from({ length: 70 }, (_, index) => `artifact/${index % 7}/${index}`);
      await Promise.all(keys.map((key) => put(key, key)));
      await Promise.all([driver.sync(keys), ...keys.slice(0, 5).map((key) => driver.sync([key]))]);
    });

    test('keys cannot leave the store', async () => {
      for (const key of BAD_KEYS) {
        await assert.rejects(async () => put(key, 'x'), InvalidKey, JSON.stringify(key));
        await assert.rejects(async () => driver.open(key), InvalidKey);
        await assert.rejects(async () => driver.stat(key), InvalidKey);
        await assert.rejects(async () => driver.remove(key), InvalidKey);
        assert.throws(() => driver.localPath(key), InvalidKey);
      }
    });

    test('a local path, where there is one, holds the bytes', async () => {
      await put('a/local', 'here');
      const path = driver.localPath('a/local');
      if (path !== undefined) assert.equal(await readFile(path, 'utf8'), 'here');
    });

    test('removing empty directories spares files and does not disturb moves', async () => {
      await put('artifact/aa/1', 'x');
      await put('artifact/ab/2', 'x');
      await driver.remove('artifact/ab/2');
      const sweeping = driver.removeEmptyDirectories?.('artifact/', Date.now() + 10_000);
      await Promise.all([sweeping, ...Array.from({ length: 20 }, (_, index) => put(`artifact/ab/${index}`, 'x'))]);
      assert.equal((await keysOf('artifact/')).length, 21);
    });

    test('it says whether it can be written and how much is used', async () => {
      await driver.writable();
      const usage = await driver.usage();
      if (usage) assert.ok(usage.total >= usage.used && usage.total >= usage.free && usage.free > 0);
    });
  });
}
