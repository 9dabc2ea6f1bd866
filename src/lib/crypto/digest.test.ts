/** Tests of the checksum helpers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DIGEST_HEX_LENGTH,
  DIGEST_NAMES,
  digestsOf,
  isDigest,
  MultiHasher,
  mismatchedDigest,
  normalizeDigest,
} from './digest.ts';

test('one-shot and streaming digests agree, with the right lengths', () => {
  const hasher = new MultiHasher(DIGEST_NAMES);
  hasher.update(Buffer.from('ab'));
  hasher.update(Buffer.from('c'));
  const whole = digestsOf('abc', DIGEST_NAMES);
  assert.deepEqual(hasher.digests(), whole);
  assert.equal(whole.md5, '900150983cd24fb0d6963f7d28e17f72');
  assert.equal(whole.sha256, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  for (const name of DIGEST_NAMES) assert.equal(whole[name]!.length, DIGEST_HEX_LENGTH[name]);
});

test('hex is validated by length and digits', () => {
  assert.ok(isDigest('md5', '900150983cd24fb0d6963f7d28e17f72'));
  assert.ok(!isDigest('sha1', '900150983cd24fb0d6963f7d28e17f72'));
  assert.ok(!isDigest('md5', '900150983cd24fb0d6963f7d28e17fzz'));
  assert.equal(normalizeDigest('md5', '900150983CD24FB0D6963F7D28E17F72'), '900150983cd24fb0d6963f7d28e17f72');
  assert.equal(normalizeDigest('md5', 'nope'), undefined);
});

test('only digests known on both sides are compared', () => {
  const actual = digestsOf('abc', ['sha256', 'md5']);
  assert.equal(mismatchedDigest(actual, { sha512: 'ff' }), undefined);
  assert.equal(mismatchedDigest(actual, { md5: actual.md5!.toUpperCase() }), undefined);
  assert.equal(mismatchedDigest(actual, { md5: actual.md5!, sha256: '00' }), 'sha256');
});
