/** Tests of the conversion of database values: exact timestamps and safe bigints. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBigint, parseTimestamp } from './parse-values.ts';

test('timestamps keep their microseconds', () => {
  assert.equal(parseTimestamp('2026-11-22 10:47:38.420333+00'), '2026-11-22T10:47:38.420333Z');
  assert.equal(parseTimestamp('2026-11-22 10:47:38.42+00'), '2026-11-22T10:47:38.420000Z');
  assert.equal(parseTimestamp('2026-11-22 10:47:38+00'), '2026-11-22T10:47:38.000000Z');
  assert.equal(parseTimestamp('infinity'), 'infinity');
});

test('bigint is a number while it is exact', () => {
  assert.equal(parseBigint('9007199254740991'), Number.MAX_SAFE_INTEGER);
  assert.throws(() => parseBigint('9007199254740993'), RangeError);
});
