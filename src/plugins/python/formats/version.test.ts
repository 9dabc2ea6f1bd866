/** Order and spelling of versions (examples of PEP 440). */
import assert from 'node:assert/strict';
import test from 'node:test';
import { compareVersionTexts, isPrerelease, parseVersion, publicVersion } from './version.ts';

const ORDERED = [
  '1.0.dev456',
  '1.0a1',
  '1.0a2.dev456',
  '1.0a12.dev456',
  '1.0a12',
  '1.0b1.dev456',
  '1.0b2',
  '1.0b2.post345.dev456',
  '1.0b2.post345',
  '1.0rc1.dev456',
  '1.0rc1',
  '1.0',
  '1.0+abc.5',
  '1.0+abc.7',
  '1.0+5',
  '1.0.post456.dev34',
  '1.0.post456',
  '1.0.15',
  '1.1.dev1',
  '1!0.1',
];

test('versions are ordered as PEP 440 tells', () => {
  const shuffled = [...ORDERED].sort();
  assert.deepEqual(shuffled.sort(compareVersionTexts), ORDERED);
});

test('spellings are understood', () => {
  const pairs = {
    '1.0RC1': '1.0rc1',
    'v1.0': '1.0',
    '1.0-alpha.2': '1.0a2',
    '1.0.c3': '1.0rc3',
    '1.0-4': '1.0.post4',
    '1.0.rev2': '1.0.post2',
    '1.0dev': '1.0.dev0',
    ' 01.02 ': '1.2',
    '1.0+Ubuntu-1': '1.0',
    '1.0beta': '1.0b0',
  };
  for (const [text, normal] of Object.entries(pairs)) assert.equal(publicVersion(parseVersion(text)!), normal, text);
});

test('other texts are no versions', () => {
  for (const text of ['', '1.0.x', 'x y', '1.0+', '1..0', '1.0-', `1.${'0'.repeat(2000)}`])
    assert.equal(parseVersion(text), undefined, text);
});

test('prereleases are known', () => {
  const found = ORDERED.filter((text) => isPrerelease(parseVersion(text)!));
  assert.equal(found.length, 14 - 1);
  assert.equal(isPrerelease(parseVersion('1.0.post1')!), false);
});
