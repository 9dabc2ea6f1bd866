/** Tests that kept bytes keep nothing else alive. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownMemory } from './own-memory.ts';

test('a piece of a larger buffer becomes one of its own, which is left as it is', () => {
  const piece = Buffer.from('a piece');
  assert.ok(piece.buffer.byteLength > piece.length);
  const own = ownMemory(piece);
  assert.equal(own.toString(), 'a piece');
  assert.equal(own.buffer.byteLength, own.length);
  assert.equal(ownMemory(own), own);
  assert.equal(ownMemory(Buffer.alloc(0)).length, 0);
});
