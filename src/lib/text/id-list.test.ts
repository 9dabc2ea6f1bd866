import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdList } from './id-list.ts';

test('finds what was added, in any order and after growing', () => {
  const list = new IdList();
  for (let id = 5000; id > 0; id -= 2) list.add(id);
  assert.equal(list.length, 2500);
  assert.ok(list.has(2) && list.has(5000) && !list.has(3) && !list.has(0) && !list.has(5002));
  list.add(3);
  assert.ok(list.has(3) && list.has(4998));
});

test('keeps ids beyond 32 bits exact', () => {
  const list = new IdList();
  list.add(2 ** 40 + 1);
  assert.ok(list.has(2 ** 40 + 1) && !list.has(2 ** 40));
  assert.ok(!new IdList().has(1));
});
