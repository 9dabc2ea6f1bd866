import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJsonArray } from './json-array.ts';

async function* pieces(text: string, size: number) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const VALUES = [{ a: '1', b: 'x}{"\\ü' }, { nested: { deep: [1, { c: null }] } }, {}];

for (const size of [1, 2, 3, 7, 1000]) {
  test(`an array is read in pieces of ${size} bytes`, async () => {
    assert.deepEqual(await Array.fromAsync(readJsonArray(pieces(JSON.stringify(VALUES, null, 1), size))), VALUES);
    assert.deepEqual(await Array.fromAsync(readJsonArray(pieces('[]', size))), []);
  });
}

test('what is not complete or not JSON is refused', async () => {
  await assert.rejects(Array.fromAsync(readJsonArray(pieces('[{"a": "', 3))), SyntaxError);
  await assert.rejects(Array.fromAsync(readJsonArray(pieces('[{a: 1}]', 3))), SyntaxError);
  await assert.rejects(Array.fromAsync(readJsonArray(pieces('}', 3))), SyntaxError);
});
