/** Tests of storage in a directory: those of every driver, and links that lead out. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { testDriver } from '../../../test/support/storage-conformance.ts';
import { InvalidKey, StorageFull, storageError } from '../storage-errors.ts';
import { FilesystemDriver } from './filesystem.ts';

testDriver('filesystem', (directory) => FilesystemDriver.create(directory));

let scratch: string;
let driver: FilesystemDriver;
before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'deckle-links-'));
  await mkdir(join(scratch, 'outside'));
  await writeFile(join(scratch, 'outside', 'secret'), 'secret');
  driver = await FilesystemDriver.create(join(scratch, 'media'));
  await symlink(join(scratch, 'outside'), join(driver.root, 'artifact'));
  await symlink(join(scratch, 'outside', 'secret'), join(driver.root, 'link'));
});
after(() => rm(scratch, { recursive: true }));

test('a directory that is a link leading out is refused, for reading and writing', async () => {
  const local = join(scratch, 'local');
  await writeFile(local, 'x');
  await assert.rejects(driver.open('artifact/secret'), InvalidKey);
  await assert.rejects(driver.stat('artifact/secret'), InvalidKey);
  await assert.rejects(driver.moveIn(local, 'artifact/new'), InvalidKey);
  await assert.rejects(driver.moveIn(local, 'artifact/sub/new'), InvalidKey);
  assert.deepEqual(await readdir(join(scratch, 'outside')), ['secret']);
});

test('a file that is a link is not opened', async () => {
  await assert.rejects(driver.open('link'), { code: 'ELOOP' });
});

test('links are not listed', async () => {
  assert.deepEqual(await Array.fromAsync(driver.list('')), []);
});

test('a full disk and a used-up quota have one error', () => {
  for (const code of ['ENOSPC', 'EDQUOT']) {
    assert.ok(storageError(Object.assign(new Error('no'), { code })) instanceof StorageFull);
  }
  const other = new Error('other');
  assert.equal(storageError(other), other);
});
