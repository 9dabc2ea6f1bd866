/** Tests of HTTP dates. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatHttpDate, parseHttpDate } from './http-date.ts';

const TIME = Date.UTC(1994, 10, 6, 8, 49, 37);

test('dates are written in the fixed form', () => {
  assert.equal(formatHttpDate(TIME + 999), 'Sun, 06 Nov 1994 08:49:37 GMT');
  assert.equal(formatHttpDate(new Date(TIME + 1000)), 'Sun, 06 Nov 1994 08:49:38 GMT');
});

test('all three forms are read, others are not', () => {
  assert.equal(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT'), TIME);
  assert.equal(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT'), TIME);
  assert.equal(parseHttpDate('Sun Nov  6 08:49:37 1994'), TIME);
  assert.equal(parseHttpDate('1994-11-06'), undefined);
  assert.equal(parseHttpDate('Sun, 99 Foo 1994 08:49:37 GMT'), undefined);
});
