/** Tests of canonical paths and their URL form. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodePath, encodePath, fileNameOf, isCanonicalPath, relativePathError } from './relative-path.ts';

test('canonical paths', () => {
  for (const path of ['a', 'a/b.c', '.hidden/..x/x..', 'ä/ö+~%20', 'a\\b']) assert.ok(isCanonicalPath(path), path);
});

test('paths that are not canonical', () => {
  const bad = [
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    './a',
    'a/.',
    'a/./b',
    '../a',
    'a/..',
    'a/../b',
    'a b',
    'a\tb',
    'a?b',
    'a#b',
    'a\0b',
    'a\ud800',
  ];
  for (const path of bad) assert.ok(!isCanonicalPath(path), JSON.stringify(path));
  assert.equal(relativePathError('/a'), 'Relative path is not in canonical form. /a');
  assert.equal(relativePathError('a/b'), undefined);
  assert.match(relativePathError('ä'.repeat(2049))!, /longer than/);
});

test('paths in URLs', () => {
  assert.equal(encodePath('a/b+c~1:2@x,(y)=!'), 'a/b+c~1:2@x,(y)=!');
  assert.equal(encodePath('a%3a/ü?#["'), 'a%253a/%C3%BC%3F%23%5B%22');
  assert.equal(encodePath('+ü@'), '+%C3%BC@');
  assert.equal(decodePath(encodePath('a%3a/ü?#["')), 'a%3a/ü?#["');
  assert.equal(decodePath('a%ff'), undefined);
  assert.equal(decodePath('a%00'), undefined);
  assert.equal(fileNameOf('a/b/c.rpm'), 'c.rpm');
  assert.equal(fileNameOf('c.rpm'), 'c.rpm');
});
