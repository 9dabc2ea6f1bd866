/** Tests of `file:` URLs. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createDownloader } from './downloader.ts';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'deckle-local-'));
  await mkdir(join(root, 'import', 'sub dir'), { recursive: true });
  await mkdir(join(root, 'imports'));
  await writeFile(join(root, 'import', 'sub dir', 'a#b'), 'inside');
  await writeFile(join(root, 'imports', 'x'), 'outside');
  await symlink(join(root, 'imports', 'x'), join(root, 'import', 'link'));
  await symlink(join(root, 'import'), join(root, 'alias'));
});
after(() => rm(root, { recursive: true }));

function read(path: string, allowed: string[]): Promise<string> {
  const url = path.startsWith('file:') ? path : pathToFileURL(join(root, path)).href;
  const downloader = createDownloader({ url }, { allowedPaths: allowed.map((one) => join(root, one)) });
  return downloader.download(url, async (_body, response) => {
    const text = await response.text();
    assert.equal(response.length, text.length);
    return text;
  });
}

test('files below an allowed directory are read', async () => {
  assert.equal(await read('import/sub dir/a#b', ['none', 'import']), 'inside');
  assert.equal(await read('alias/sub dir/a#b', ['import']), 'inside');
  assert.equal(await read('import/sub dir/a#b', ['alias']), 'inside');
});

test('all others are refused: by components, not by letters, and behind links', async () => {
  for (const path of ['imports/x', 'import/link', 'import/../imports/x']) {
    await assert.rejects(read(path, ['import']), { failure: 'refused' }, path);
  }
  await assert.rejects(read('import/sub dir/a#b', []), { failure: 'refused' });
  await assert.rejects(read('file://server/share', ['import']), { failure: 'refused' });
});

test('missing files and directories are a 404', async () => {
  for (const path of ['import/none', 'import/sub dir']) {
    await assert.rejects(read(path, ['import']), { status: 404, message: /^404, message='Not Found', url='file:/ });
  }
});
