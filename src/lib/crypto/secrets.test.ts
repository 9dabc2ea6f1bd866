/** Tests of encryption at rest. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Secrets, SecretsError } from './secrets.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'deckle-secrets-'));
});
after(() => rm(directory, { recursive: true }));

const KEY_1 = Buffer.alloc(32, 1);
const KEY_2 = Buffer.alloc(32, 2);

test('what is encrypted can be decrypted, and is different each time', () => {
  const secrets = new Secrets([KEY_1]);
  for (const text of ['', ' white space ', 'ünï', 'x'.repeat(10_000)])
    assert.equal(secrets.decrypt(secrets.encrypt(text)), text);
  assert.notEqual(secrets.encrypt('a'), secrets.encrypt('a'));
});

test('older keys decrypt, and their tokens are due for rotation', () => {
  const token = new Secrets([KEY_1]).encrypt('old');
  const rotated = new Secrets([KEY_2, KEY_1]);
  assert.equal(rotated.decrypt(token), 'old');
  assert.ok(rotated.needsRotation(token));
  assert.ok(!rotated.needsRotation(rotated.encrypt('new')));
  assert.throws(() => new Secrets([KEY_2]).decrypt(token), SecretsError);
});

test('damaged and foreign values are refused without showing them', () => {
  const secrets = new Secrets([KEY_1]);
  const token = secrets.encrypt('hidden');
  for (const bad of ['', 'hidden', 'v1:x', token.slice(0, -4), `${token.slice(0, 14)}AAAA${token.slice(18)}`]) {
    assert.throws(
      () => secrets.decrypt(bad),
      (error) => error instanceof SecretsError && !error.message.includes('hidden'),
    );
  }
});

test('the test vector of the Fernet specification is read, then rotated', () => {
  const key = Buffer.from('cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=', 'base64');
  const token = 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==';
  const secrets = new Secrets([KEY_1, key]);
  assert.equal(secrets.decrypt(token), 'hello');
  assert.ok(secrets.needsRotation(token));
  assert.throws(() => new Secrets([KEY_1]).decrypt(token), SecretsError);
});

test('a key file is created once, for its owner only', async () => {
  const file = join(directory, 'sub', 'keys');
  const all = await Promise.all(Array.from({ length: 8 }, () => Secrets.load(file)));
  const token = all[0]!.encrypt('shared');
  for (const secrets of all) assert.equal(secrets.decrypt(token), 'shared');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.match(await readFile(file, 'utf8'), /^[\w-]{43}=\n$/);
});

test('both base64 alphabets, comments and blank lines are read; other lines are an error', async () => {
  const file = join(directory, 'mixed');
  await writeFile(file, `# current\n${Buffer.alloc(32, 255).toString('base64')}\n\n${KEY_1.toString('base64url')}\n`);
  const secrets = await Secrets.load(file);
  assert.equal(secrets.decrypt(new Secrets([KEY_1]).encrypt('x')), 'x');
  assert.equal(secrets.decrypt(new Secrets([Buffer.alloc(32, 255)]).encrypt('y')), 'y');
  await writeFile(file, 'not a key\n');
  await assert.rejects(Secrets.load(file), /Line 1 of .* is not a base64 key of 32 bytes/);
  await writeFile(file, '\n');
  await assert.rejects(Secrets.load(file), /no encryption key/);
});
