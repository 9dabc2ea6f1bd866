/** Tests of inflating data that something else follows. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { deflateSync } from 'node:zlib';
import { inflateCounted } from './inflate-counted.ts';

const text = Buffer.from('a word and a word and a word');
const packed = deflateSync(text);

test('what follows begins behind the bytes that were consumed', () => {
  const { bytes, consumed } = inflateCounted(Buffer.concat([packed, Buffer.from('rest')]), 1000);
  assert.deepEqual(bytes, text);
  assert.equal(consumed, packed.length);
});

test('too much, too little and other data are told apart', () => {
  assert.throws(() => inflateCounted(packed, 5), { code: 'ERR_BUFFER_TOO_LARGE' });
  assert.throws(() => inflateCounted(packed.subarray(0, 6), 1000), { code: 'Z_BUF_ERROR' });
  assert.throws(() => inflateCounted(text, 1000), { code: 'Z_DATA_ERROR' });
});
