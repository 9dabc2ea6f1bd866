import assert from 'node:assert/strict';
import test from 'node:test';
import { firstResult } from './jq.ts';

const input = { user: { name: 'joe', groups: ['a', 'b'] } };

for (const [filter, expected] of [
  ['.', input],
  ['.user.name', 'joe'],
  ['.user.nothing', null],
  ['.nothing.at.all', null],
  ['.user.groups[]', 'a'],
  ['.user | .name | ascii_upcase', 'JOE'],
  ['.user.groups | length', 2],
  ['empty', undefined],
  ['.user.constructor', null],
] as const) {
  test(`jq ${filter}`, async () => assert.deepEqual(await firstResult(input, filter), expected));
}

test('what jq refuses is thrown', async () => {
  await assert.rejects(firstResult(input, '.user['));
  await assert.rejects(firstResult(input, '.user.name.first'));
  await assert.rejects(firstResult(input, '.user | error("no")'));
});

test('a filter that never ends is stopped, and the next one runs', async () => {
  await assert.rejects(firstResult({}, 'def f: f; f'), /takes too long/);
  assert.equal(await firstResult({ a: [1, 2] }, '.a[1] | . + 0'), 2);
});

test('what jq says of an error does not decide how this process ends', async () => {
  const before = process.exitCode;
  await assert.rejects(firstResult({}, '.a['));
  await assert.rejects(firstResult({}, '.a[] | 1'));
  assert.equal(process.exitCode, before);
});
