import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unescaped } from './unescaped.ts';

test('escapes are taken out where they are UTF-8, other texts stay', () => {
  assert.equal(unescaped('a%20%C3%A4'), 'a ä');
  for (const text of ['lat%E4', '100%', '%', '%zz', 'plain']) assert.equal(unescaped(text), text);
});
