import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { armor, unarmor } from '../../src/plugins/core-openpgp/formats/armor.ts';
import { KeyError, readPackets, writePacket } from '../../src/plugins/core-openpgp/formats/packets.ts';
import { keyIdOf, readPublicKey } from '../../src/plugins/core-openpgp/formats/public-key.ts';
import { duration } from '../../src/plugins/core-openpgp/signature-fields.ts';

const root = mkdtempSync(join(tmpdir(), 'key-'));
const home = join(root, 'gpg');
mkdirSync(home, { mode: 0o700 });
after(() => {
  execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
  rmSync(root, { recursive: true, force: true });
});
const gpg = (...args: string[]): Buffer =>
  execFileSync('gpg', ['--batch', '--no-tty', '--homedir', home, '--passphrase', '', ...args], { stdio: 'pipe' });

gpg('--quick-generate-key', 'Ä <first@example.com>', 'rsa2048', 'cert', '2y');
const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(gpg('--with-colons', '--list-keys').toString())![1]!;
gpg('--quick-add-key', fingerprint, 'ed25519', 'sign', '1y');
gpg('--quick-add-uid', fingerprint, 'second <second@example.com>');
const ascii = gpg('--armor', '--export', fingerprint);
const binary = gpg('--export', fingerprint);

test('a key is taken apart, in ASCII and in binary alike', () => {
  const key = readPublicKey(ascii);
  assert.deepEqual(readPublicKey(binary), key);
  assert.equal(key.fingerprint, fingerprint.toLowerCase());
  assert.equal(keyIdOf(key.fingerprint), fingerprint.slice(-16).toLowerCase());
  assert.deepEqual(key.userIds.map(({ userId }) => userId).sort(), [
    'second <second@example.com>',
    'Ä <first@example.com>',
  ]);
  assert.deepEqual(
    key.subkeys.map(({ signatures }) => signatures.map((one) => [one.type, one.issuer, one.keyExpirationTime])),
    [[[0x18, keyIdOf(key.fingerprint), 365 * 86_400]]],
  );
  assert.ok(Math.abs(key.created.getTime() - Date.now()) < 600_000);
  assert.equal(key.userIds[0]!.signatures[0]!.keyExpirationTime, 2 * 365 * 86_400);
});

test('packets written again are read by gpg as the same key', () => {
  const written = Buffer.concat(readPackets(binary).map(writePacket));
  const file = join(root, 'again.asc');
  writeFileSync(file, armor(written));
  const shown = (path: string) => gpg('--with-colons', '--show-keys', path).toString();
  writeFileSync(join(root, 'first.asc'), ascii);
  assert.equal(shown(file), shown(join(root, 'first.asc')));
  assert.deepEqual(unarmor(Buffer.from(armor(written))), written);
  for (const length of [0, 191, 192, 8383, 8384, 70_000]) {
    const packet = { tag: 13, body: Buffer.alloc(length, 'x') };
    assert.deepEqual(readPackets(writePacket(packet)), [packet]);
  }
});

/** Of version 6: the key with Ed25519 of RFC 9580 appendix A.3. */
const V6 = `-----BEGIN PGP PUBLIC KEY BLOCK-----

xioGY4d/4xsAAAAg+U2nu0jWCmHlZ3BqZYfQMxmZu52JGggkLq2EVD34laPCsQYf
GwoAAABCBYJjh3/jAwsJBwUVCg4IDAIWAAKbAwIeCSIhBssYbE8GCaaX5NUt+mxy
KwwfHifBilZwj2Ul7Ce62azJBScJAgcCAAAAAK0oIBA+LX0ifsDm185Ecds2v8lw
gyU2kCcUmKfvBXbAf6rhRYWzuQOwEn7E/aLwIwRaLsdry0+VcallHhSu4RN6HWaE
QsiPlR4zxP/TP7mhfVEe7XWPxtnMUMtf15OyA51YBM4qBmOHf+MZAAAAIIaTJINn
+eUBXbki+PSAld2nhJh/LVmFsS+60WyvXkQ1wpsGGBsKAAAALAWCY4d/4wKbDCIh
BssYbE8GCaaX5NUt+mxyKwwfHifBilZwj2Ul7Ce62azJAAAAAAQBIKbpGG2dWTX8
j+VjFM21J0hqWlEg+bdiojWnKfA5AQpWUWtnNwDEM0g12vYxoWM8Y81W+bHBw805
I8kWVkXU6vFOi+HWvv/ira7ofJu16NnoUkhclkUrk0mXubZvyl4GBg==
-----END PGP PUBLIC KEY BLOCK-----
`;

test('a key of version 6 has its fingerprint and id', () => {
  const key = readPublicKey(Buffer.from(V6));
  assert.equal(key.fingerprint, 'cb186c4f0609a697e4d52dfa6c722b0c1f1e27c18a56708f6525ec27bad9acc9');
  assert.equal(keyIdOf(key.fingerprint), 'cb186c4f0609a697');
  assert.equal(key.signatures[0]!.issuer, 'cb186c4f0609a697');
  assert.equal(key.subkeys.length, 1);
});

const signature = readPackets(binary).find(({ tag }) => tag === 2)!;
const [first] = readPackets(binary);
const refused: [string, Buffer, RegExp][] = [
  ['text', Buffer.from('hello'), /not an OpenPGP public key/],
  ['nothing', Buffer.alloc(0), /not an OpenPGP public key/],
  ['a signature alone', writePacket(signature), /first packet is not that of a public key/],
  ['a secret key', gpg('--export-secret-keys', fingerprint), /not a public key/],
  ['two keys', Buffer.concat([binary, binary]), /several keys/],
  ['two blocks', Buffer.concat([ascii, ascii]), /several keys/],
  ['a key cut off', binary.subarray(0, -5), /ends in the middle/],
  ['a packet without an end', Buffer.from([0x9b, 1, 2, 3]), /does not tell its length/],
  [
    'a signature whose parts lead out',
    Buffer.concat([writePacket(first!), writePacket({ tag: 2, body: Buffer.from([4, 0x13, 1, 8, 255, 255]) })]),
    /signature of the key is not complete/,
  ],
  [
    'an unknown packet',
    Buffer.concat([writePacket(first!), writePacket({ tag: 60, body: Buffer.from('x') })]),
    /unknown type 60/,
  ],
  ['a former version', writePacket({ tag: 6, body: Buffer.alloc(40, 3) }), /Keys of version 3/],
  [
    'too many packets',
    Buffer.concat(Array.from({ length: 20_001 }, () => writePacket({ tag: 13, body: Buffer.from('x') }))),
    /more than 20000 packets/,
  ],
];
for (const [name, bytes, message] of refused) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => readPublicKey(bytes),
      (error: Error) => error instanceof KeyError && message.test(error.message),
    );
  });
}

test('any bytes are read to an end or refused', () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed;
  };
  for (let round = 0; round < 3000; round += 1) {
    const bytes = Buffer.from(binary);
    for (let flips = random() % 8; flips >= 0; flips -= 1) bytes[random() % bytes.length] = random() % 256;
    try {
      readPublicKey(bytes);
    } catch (error) {
      assert.ok(error instanceof KeyError, String(error));
    }
  }
});

test('times are told as days, hours, minutes and seconds', () => {
  assert.equal(duration(63_072_000), '730 00:00:00');
  assert.equal(duration(3_725), '01:02:05');
  assert.equal(duration(null), null);
});
