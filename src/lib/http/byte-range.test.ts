/** Table test of Range headers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByteRange, contentRange, parseByteRange, unsatisfiedRange } from './byte-range.ts';

const no = 'unsatisfiable';
const cases: [string | undefined, number, ByteRange | typeof no | undefined][] = [
  [undefined, 9, undefined],
  ['bytes=2-4', 9, { start: 2, end: 4 }],
  ['bytes=2-', 9, { start: 2, end: 8 }],
  ['bytes=2-100', 9, { start: 2, end: 8 }],
  ['bytes=-3', 9, { start: 6, end: 8 }],
  ['bytes=-100', 9, { start: 0, end: 8 }],
  ['bytes=0-0', 1, { start: 0, end: 0 }],
  ['bytes=9-', 9, no],
  ['bytes=4-2', 9, no],
  ['bytes=-0', 9, no],
  ['bytes=-', 9, no],
  ['bytes=0-', 0, no],
  ['bytes=0-1,3-4', 9, no],
  ['bytes=a-b', 9, no],
  ['items=0-1', 9, no],
];

for (const [header, size, expected] of cases) {
  test(`${header} of ${size} bytes`, () => assert.deepEqual(parseByteRange(header, size), expected));
}

test('headers of the answers', () => {
  assert.equal(contentRange({ start: 2, end: 4 }, 9), 'bytes 2-4/9');
  assert.equal(unsatisfiedRange(9), 'bytes */9');
});
