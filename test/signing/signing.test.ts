import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { addSigningService } from '../../src/app/operator/signing-services.ts';
import { sql } from '../../src/db/sql.ts';
import { verifySignature } from '../../src/lib/crypto/gpg.ts';
import { runProgram } from '../../src/lib/process/run-program.ts';
import { DETACHED, signFile } from '../../src/plugin-api/toolkit/signing.ts';
import { runCommand } from '../support/command.ts';
import { useDatabase } from '../support/database.ts';
import { program } from '../support/program.ts';

const db = await useDatabase();
const root = mkdtempSync(join(tmpdir(), 'sgn-'));
const home = join(root, 'gpg');
mkdirSync(home, { mode: 0o700 });
after(() => {
  execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
  rmSync(root, { recursive: true, force: true });
});

const gpg = (...args: string[]) =>
  execFileSync('gpg', ['--batch', '--no-tty', '--homedir', home, ...args], { encoding: 'utf8', stdio: 'pipe' });
for (const name of ['first', 'second'])
  gpg('--passphrase', '', '--quick-generate-key', `${name} <${name}@example.com>`, 'ed25519', 'sign');
const fingerprintOf = (name: string) =>
  /^fpr:+([0-9A-F]{40}):/m.exec(gpg('--with-colons', '--list-keys', `${name}@example.com`))![1]!;
const [first, second] = [fingerprintOf('first'), fingerprintOf('second')];

function script(name: string, body: string): string {
  const path = join(root, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}
const SIGN = `gpg --batch --homedir ${home} --armor --local-user "$PULP_SIGNING_KEY_FINGERPRINT" --output "$1.asc" --detach-sign "$1" || exit 3
printf '{"file": "%s", "signature": "%s.asc"}' "$1" "$1"`;
const good = script('good', SIGN);
const given = { script: good, key: first, class: DETACHED, home };
const names = async () =>
  (await db.rows<{ name: string }>(sql`select name from signing_service order by name`)).map(({ name }) => name);

test('a service is added after its script has signed, and signs files for others', async () => {
  assert.equal(await addSigningService(db, program, { ...given, name: 'works' }), first);
  const row = await db.row<{ pulp_id: string; public_key: string }>(
    sql`select * from signing_service where name = 'works'`,
  );
  assert.match(row!.public_key, /^-----BEGIN PGP PUBLIC KEY BLOCK-----/);
  const file = join(root, 'metadata');
  writeFileSync(file, 'what is signed');
  const answer = await signFile({ db }, row!.pulp_id, file);
  assert.deepEqual(answer, { file, signature: `${file}.asc` });
  const key = { armored: row!.public_key, fingerprint: first };
  await verifySignature(key, { signature: `${file}.asc`, file });
  writeFileSync(file, 'what was not signed');
  await assert.rejects(verifySignature(key, { signature: `${file}.asc`, file }), /BAD signature/);
});

test('what is told to a script is the key and the correlation, not the settings of the server', async () => {
  process.env.DECKLE_ADMIN_PASSWORD = 'secret';
  const path = script('tells', `env > ${root}/environment; ${SIGN}`);
  await addSigningService(db, program, { ...given, name: 'tells', script: path });
  delete process.env.DECKLE_ADMIN_PASSWORD;
  const told = readFileSync(join(root, 'environment'), 'utf8');
  assert.match(told, new RegExp(`^PULP_SIGNING_KEY_FINGERPRINT=${first}$`, 'm'));
  assert.match(told, /^CORRELATION_ID=/m);
  assert.doesNotMatch(told, /DECKLE_/);
});

const failures: [string, object, RegExp][] = [
  [
    'another key',
    { script: script('other', SIGN.replace('"$PULP_SIGNING_KEY_FINGERPRINT"', second)) },
    /does not sign as it should: .*(No public key|not by the key)/,
  ],
  ['no JSON', { script: script('text', 'echo done') }, /did not answer a JSON object: done/],
  ['no signature', { script: script('empty', `echo '{"file": "x"}'`) }, /does not tell the file of the 'signature'/],
  ['an exit code', { script: script('fails', 'echo broken >&2; exit 4') }, /failed with exit code 4: broken/],
  ['a key that is not there', { key: 'ABCDEF0123456789' }, /error reading key: No public key/],
  ['two keys', { key: 'example.com' }, /There are several keys/],
  ['no such script', { script: join(root, 'nowhere') }, /is not a program that can be run/],
  ['a path that is relative', { script: 'good' }, /absolute path/],
  ['an unknown class', { class: 'core:Other' }, /There is no class core:Other; there are core:AsciiArmored/],
  ['a name that is taken', { name: 'works' }, /There is a signing service works already/],
];
for (const [name, more, message] of failures) {
  test(`nothing is added: ${name}`, async () => {
    const before = await names();
    await assert.rejects(addSigningService(db, program, { ...given, name: 'new', ...more }), message);
    assert.deepEqual(await names(), before);
  });
}

test('operators add, list and remove them, also under the name of the manager', async () => {
  const env = { DECKLE_DATABASE_URL: db.url, DECKLE_DATA: join(root, 'data') };
  const said = async (...words: string[]) => {
    const { code, stdout, stderr } = await runCommand(words, { env });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const added = await said('manager', 'add-signing-service', 'command', good, first, '--gnupghome', home);
  assert.equal(added, `Successfully added signing service command for key ${first}.\n`);
  assert.match(await said('list-signing-services'), /^command$/m);
  await said('manager', 'remove-signing-service', 'command', '--class', DETACHED);
  assert.doesNotMatch(await said('list-signing-services'), /^command$/m);
  const { code, stderr } = await runCommand(['remove-signing-service', 'command'], { env });
  assert.equal(code, 1);
  assert.match(stderr, /There is no signing service command/);
});

test('a program that does not end is killed, and one that is missing is told', async () => {
  await assert.rejects(runProgram('sleep', ['60'], { timeout: 50 }), /sleep was ended by SIGKILL/);
  await assert.rejects(runProgram('no-such-program', []), /There is no program no-such-program/);
  const stop = AbortSignal.timeout(50);
  await assert.rejects(runProgram('sleep', ['60'], { signal: stop }), /timeout|abort/i);
});
