/** Tests of cron expressions: fields, days, time zones with their changes of the clock, and refusals. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextTime, parseCron } from './cron.ts';

function next(expression: string, after: string, zone = 'UTC', count = 1): string[] {
  const cron = parseCron(expression);
  const times: string[] = [];
  for (let time: Date | undefined = new Date(after); times.length < count; ) {
    time = nextTime(cron, zone, time);
    if (!time) break;
    times.push(time.toISOString().slice(0, 16));
  }
  return times;
}

test('fields', () => {
  assert.deepEqual(next('*/15 * * * *', '2026-11-22T10:14:30Z', 'UTC', 3), [
    '2026-11-22T10:15',
    '2026-11-22T10:30',
    '2026-11-22T10:45',
  ]);
  assert.deepEqual(next('5,10-12 3 * * *', '2026-11-22T03:10:00Z', 'UTC', 3), [
    '2026-11-22T03:11',
    '2026-11-22T03:12',
    '2026-11-23T03:05',
  ]);
  assert.deepEqual(next('0 0 1 jan-mar/2 *', '2026-01-01T00:00:00Z', 'UTC', 2), [
    '2026-03-01T00:00',
    '2027-01-01T00:00',
  ]);
  assert.deepEqual(next('@daily', '2026-12-31T12:00:00Z'), ['2027-01-01T00:00']);
  assert.deepEqual(next('10/20 0 * * *', '2026-01-01T00:00:00Z', 'UTC', 3), [
    '2026-01-01T00:10',
    '2026-01-01T00:30',
    '2026-01-01T00:50',
  ]);
});

test('days of the month and of the week', () => {
  assert.deepEqual(next('0 9 * * mon-fri', '2026-11-20T09:00:00Z'), ['2026-11-23T09:00']);
  assert.deepEqual(next('0 0 * * 7', '2026-11-22T00:00:00Z'), ['2026-11-29T00:00']);
  assert.deepEqual(next('0 0 13 * 5', '2026-11-01T00:00:00Z', 'UTC', 3), [
    '2026-11-06T00:00',
    '2026-11-13T00:00',
    '2026-11-20T00:00',
  ]);
  assert.deepEqual(next('0 0 29 2 *', '2026-01-01T00:00:00Z'), ['2028-02-29T00:00']);
  assert.deepEqual(next('0 0 30 2 *', '2026-01-01T00:00:00Z'), []);
});

test('time zones and changes of the clock', () => {
  assert.deepEqual(next('0 3 * * *', '2026-06-01T00:00:00Z', 'Europe/Berlin'), ['2026-06-01T01:00']);
  assert.deepEqual(next('30 2 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin', 2), [
    '2026-03-29T01:30', // 2:30 does not exist that night; clocks show 3:30
    '2026-03-30T00:30',
  ]);
  assert.deepEqual(next('30 2 * * *', '2026-10-24T12:00:00Z', 'Europe/Berlin', 2), [
    '2026-10-25T00:30', // the first of two
    '2026-10-26T01:30',
  ]);
});

test('refusals', () => {
  for (const bad of [
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* * 0 * *',
    '5-1 * * * *',
    '*/0 * * * *',
    'a b c d e',
  ]) {
    assert.throws(() => parseCron(bad), RangeError, bad);
  }
});
