/** Tests of the time-ordered identifiers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuid7, uuid7Batch } from './uuid7.ts';

const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('identifiers have version 7 and variant bits', () => {
  for (const id of uuid7Batch(2000)) assert.match(id, SHAPE);
});

test('identifiers grow strictly, one by one and in batches', () => {
  const ids = [uuid7(), ...uuid7Batch(50_000), uuid7(), ...uuid7Batch(10), uuid7()];
  for (let index = 1; index < ids.length; index++) assert.ok(ids[index - 1]! < ids[index]!);
});

test('the time is in the identifier', () => {
  const before = Date.now();
  const made = Number.parseInt(uuid7().replace('-', '').slice(0, 12), 16);
  assert.ok(made >= before - 1 && made <= Date.now() + 1000);
});
