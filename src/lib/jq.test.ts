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
