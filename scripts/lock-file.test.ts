/** The lock file must be one that `npm ci` accepts everywhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingEntries, readLockFile } from './complete-lock-file.ts';

test('every package of another platform is listed (if not: node scripts/complete-lock-file.ts)', () => {
  assert.deepEqual(Object.keys(missingEntries(readLockFile())), []);
});

test('no download addresses are kept', () => {
  const resolved = Object.values(readLockFile().packages).filter((entry) => entry.resolved?.startsWith('http'));
  assert.deepEqual(resolved, []);
});
