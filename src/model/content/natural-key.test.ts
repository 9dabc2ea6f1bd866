import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256Of } from '../../lib/crypto/digest.ts';
import { canonicalJson, naturalKeyOf } from './natural-key.ts';

const type = {
  pulpType: 'x.y',
  table: 'x',
  columns: [],
  naturalKey: ['path', 'digest'],
  repoKey: [],
};

test('keys of objects are sorted at every depth and undefined counts as null', () => {
  assert.equal(canonicalJson({ b: [1, { d: null, c: 'x' }], a: undefined }), '{"b":[1,{"c":"x","d":null}]}');
  assert.equal(canonicalJson(undefined), 'null');
  assert.equal(canonicalJson({ a: 1, b: 2 }), canonicalJson({ b: 2, a: 1 }));
});

test('the key is made of the named values only, in their declared order', () => {
  assert.equal(naturalKeyOf(type, { digest: 'd', path: 'p', other: 1 }), sha256Of('["p","d"]'));
  assert.notEqual(naturalKeyOf(type, { path: 'a,b', digest: 'c' }), naturalKeyOf(type, { path: 'a', digest: 'b,c' }));
  assert.equal(naturalKeyOf(type, { path: 'p' }), naturalKeyOf(type, { path: 'p', digest: null }));
});
