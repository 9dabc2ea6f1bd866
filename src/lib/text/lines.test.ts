/** Tests of splitting bytes into lines. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf } from './lines.ts';

async function* pieces(...texts: (string | Uint8Array)[]) {
  for (const text of texts) yield typeof text === 'string' ? Buffer.from(text) : text;
}

test('lines over the borders of pieces, of characters too', async () => {
  const euro = Buffer.from('€');
  const source = pieces('one\ntw', 'o\n\n', euro.subarray(0, 1), euro.subarray(1), '\nlast');
  assert.deepEqual(await Array.fromAsync(linesOf(source)), ['one', 'two', '', '€', 'last']);
  assert.deepEqual(await Array.fromAsync(linesOf(pieces('a\n'))), ['a']);
  assert.deepEqual(await Array.fromAsync(linesOf(pieces())), []);
});

test('errors of the source are thrown', async () => {
  async function* broken() {
    yield Buffer.from('a\nb');
    throw new Error('cut off');
  }
  await assert.rejects(Array.fromAsync(linesOf(broken())), /cut off/);
});
