import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunksOf } from './chunks-of.ts';

const texts = async (source: Parameters<typeof chunksOf>[0]) =>
  (await Array.fromAsync(chunksOf(source))).map((chunk) => Buffer.from(chunk).toString());

test('short texts are joined, bytes keep their place', async () => {
  assert.deepEqual(await texts(['a', 'b', Buffer.from('c'), 'd', '']), ['ab', 'c', 'd']);
});

test('long texts come in several chunks, nothing in none', async () => {
  const line = `${'x'.repeat(999)}\n`;
  const chunks = await texts(Array.from({ length: 200 }, () => line));
  assert.ok(chunks.length > 2 && chunks.length < 10);
  assert.equal(chunks.join(''), line.repeat(200));
  assert.deepEqual(await texts([]), []);
  assert.deepEqual(await texts('one'), ['one']);
});
