/** Tests of who may run the server and from where: root with a private checkout, and an ordinary user. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { copyCheckout } from '../support/checkout.ts';
import { startServer } from '../support/server.ts';

const nobody = 65534;
const skip = process.getuid?.() === 0 ? false : 'only root can do this';
const livez = '/pulp/api/v3/livez/';

function scratch(parent: string): string {
  const directory = mkdtempSync(join(parent, 'deckle-users-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('root starts from a checkout and with a data directory below a private directory', { skip }, async () => {
  const home = scratch(homedir());
  chmodSync(home, 0o700);
  const copies = '/var/lib/deckle/programs';
  const before = existsSync(copies) ? readdirSync(copies) : [];
  const root = join(home, 'checkout');
  copyCheckout(root);
  const data = join(root, 'data');
  const server = await startServer({ root, data });
  assert.equal((await server.fetch(livez)).status, 200);
  assert.notEqual(lstatSync(join(data, 'postgres')).uid, 0);
  assert.equal(await server.stop(), 0);
  for (const name of existsSync(copies) ? readdirSync(copies) : []) {
    if (!before.includes(name)) rmSync(join(copies, name), { recursive: true });
  }
});

test("an ordinary user starts from root's checkout, which he cannot write to", { skip }, async () => {
  const place = scratch(tmpdir());
  chmodSync(place, 0o755);
  const root = join(place, 'checkout');
  copyCheckout(root);
  const data = join(place, 'data');
  mkdirSync(data);
  chownSync(data, nobody, nobody);
  const server = await startServer({ root, data, uid: nobody, env: { HOME: '/nonexistent' } });
  assert.equal((await server.fetch(livez)).status, 200);
  assert.equal(lstatSync(join(data, 'postgres')).uid, nobody);
  assert.equal(await server.stop(), 0);
  // Root may take the directory over, and the user have it back.
  for (const uid of [0, nobody]) {
    const again = await startServer({ root, data, uid });
    assert.equal((await again.fetch(livez)).status, 200);
    assert.equal(await again.stop(), 0);
  }
});

test('an ordinary user is told that a database is not his', { skip }, async () => {
  const place = scratch(tmpdir());
  chmodSync(place, 0o755);
  const data = join(place, 'data');
  const server = await startServer({ data });
  await server.stop();
  chownSync(data, nobody, nobody);
  chmodSync(data, 0o777);
  await assert.rejects(startServer({ data, uid: nobody }), /belongs to another user \(id \d+\)/);
});

test('a data directory with a very long path', async () => {
  const data = join(scratch(tmpdir()), 'long'.repeat(30), 'data');
  const server = await startServer({ data });
  assert.equal((await server.fetch(livez)).status, 200);
  assert.equal(await server.stop(), 0);
});
