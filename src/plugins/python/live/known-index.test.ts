/** Pages of an index: kept packed in bounds, and beyond versions that do not change them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { KnownIndex, type VersionFacts } from './known-index.ts';
import { PageStore, unpackPage } from './page-store.ts';

const facts: VersionFacts = { etag: '"a"', lastModified: '', hasYanks: false, hasProvenance: false, repairs: 0 };
const version = (number: number) => ({ id: number, pulpId: `${number}`, number, repositoryId: 1 });
const textOf = (packed: Buffer | undefined) => packed && unpackPage(packed).toString();

test('pages are packed, and the least used go first', () => {
  const store = new PageStore(4000);
  for (let at = 0; at < 20; at++) {
    assert.equal(textOf(store.set(`page ${at}`, `text of ${at}`)), `text of ${at}`);
    store.get('page 0');
  }
  assert.ok(store.bytes <= 4000);
  assert.equal(textOf(store.get('page 0')), 'text of 0');
  assert.equal(store.get('page 1'), undefined);
  assert.equal(textOf(store.get('page 19')), 'text of 19');
  store.set('large', Array.from({ length: 2000 }, (_, at) => Math.sin(at)).join());
  assert.equal(store.get('large'), undefined);
});

test('a new version drops the pages of the projects it changes, and the list of projects', () => {
  const pages = new PageStore(1_000_000);
  const first = new KnownIndex(pages, version(1), facts, 'place');
  for (const name of ['', 'alpha', 'beta']) first.keepPage('html', name, `first ${name}`);
  first.keepPage('json', 'beta', '{}');
  first.keepProjects([{ name: 'Alpha', normalized: 'alpha' }]);
  const second = first.next(version(2), facts, ['beta']);
  assert.equal(textOf(second.page('html', 'alpha')), 'first alpha');
  for (const view of ['html', 'json']) assert.equal(second.page(view, 'beta'), undefined);
  assert.equal(second.page('html', ''), undefined);
  assert.deepEqual([...second.projects!.outdated], ['beta']);
  assert.equal(second.next(version(3), facts, []).page('html', 'alpha')?.length, second.page('html', 'alpha')?.length);
});

test('a page that was being made for an older version is not kept', () => {
  const pages = new PageStore(1_000_000);
  const first = new KnownIndex(pages, version(1), facts, 'place');
  const second = first.next(version(2), facts, ['alpha']);
  assert.equal(first.keepPage('html', 'alpha', 'old'), undefined);
  assert.equal(second.page('html', 'alpha'), undefined);
});
