/** Tests of the word that was probably meant. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

test('misspelt words are recognised, others are not', () => {
  const words = ['serve', 'settings', 'worker', 'web'];
  for (const [word, meant] of Object.entries({ sevre: 'serve', setings: 'settings', workers: 'worker', wbe: 'web' })) {
    assert.equal(nearest(word, words), meant);
  }
  for (const word of ['dance', 'x', 'reserved-for-us']) assert.equal(nearest(word, words), undefined);
  assert.equal(nearest('serve', []), undefined);
});
