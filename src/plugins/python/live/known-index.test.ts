/** Pages of an index: kept packed in bounds, and beyond versions that do not change them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { KnownIndex } from './known-index.ts';
import { PageStore } from './page-store.ts';
import type { VersionFacts } from './version-facts.ts';

const facts: VersionFacts = { etag: '"a"', lastModified: '', hasYanks: false, hasProvenance: false, repairs: 0 };
const version = (number: number) => ({ id: number, pulpId: `${number}`, number, repositoryId: 1 });
const page = (text: string) => Buffer.from(text);

test('pages that are not used are packed, then dropped', () => {
  const store = new PageStore(20_000);
  const textOf = (at: number) => `page ${at} `.repeat(200);
  for (let at = 0; at < 60; at++) {
    store.set(`${at}`, page(textOf(at)));
    assert.equal(store.get('0')?.toString(), textOf(0));
  }
  assert.ok(store.bytes <= 20_000);
  const kept = Array.from({ length: 60 }, (_, at) => store.get(`${at}`)?.toString() === textOf(at));
  assert.ok(kept.filter(Boolean).length > 20_000 / textOf(1).length, 'no more than would fit unpacked');
  assert.deepEqual([kept[0], kept[1], kept[59]], [true, false, true]);
  store.set('large', Buffer.alloc(6000));
  assert.equal(store.get('large'), undefined);
});

test('a page that is kept keeps nothing else alive', () => {
  const store = new PageStore(20_000);
  const small = page('small');
  assert.ok(small.buffer.byteLength > 1000);
  store.set('small', small);
  assert.equal(store.get('small')!.buffer.byteLength, small.length);
});

test('a new version drops the pages of the projects it changes, and the list of projects', () => {
  const pages = new PageStore(1_000_000);
  const first = new KnownIndex(pages, version(1), facts, 'place');
  for (const name of ['', 'alpha', 'beta']) first.keepPage('html', name, page(`first ${name}`));
  first.keepPage('json', 'beta', page('{}'));
  first.keepProjects([{ name: 'Alpha', normalized: 'alpha' }]);
  const second = first.next(version(2), facts, ['beta']);
  assert.equal(second.page('html', 'alpha')?.toString(), 'first alpha');
  for (const view of ['html', 'json']) assert.equal(second.page(view, 'beta'), undefined);
  assert.equal(second.page('html', ''), undefined);
  assert.deepEqual([...second.projects!.outdated], ['beta']);
  assert.equal(second.next(version(3), facts, []).page('html', 'alpha')?.toString(), 'first alpha');
});

test('a page that was being made for an older version is not kept', () => {
  const pages = new PageStore(1_000_000);
  const first = new KnownIndex(pages, version(1), facts, 'place');
  const second = first.next(version(2), facts, ['alpha']);
  first.keepPage('html', 'alpha', page('old'));
  assert.equal(second.page('html', 'alpha'), undefined);
});
