/** Tests the links that are good for a while. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { LINK_LIFE, refusalOfLink, signLink } from './signed-link.ts';

const key = Buffer.alloc(32, 7);
const at = 1_800_000_000;

test('a signed link is good for its time and not after it', () => {
  const link = signLink('/pulp/content/a/b%20c', key, at);
  assert.match(link, /^\/pulp\/content\/a\/b%20c\?expires=1800003600&validate_token=[0-9a-f]{64}:[0-9a-f]{64}$/);
  assert.equal(refusalOfLink(link, key, at + LINK_LIFE), undefined);
  assert.equal(refusalOfLink(link, key, at + LINK_LIFE + 1), 'Authentication expired');
});

test('a query that was there before is signed too', () => {
  const link = signLink('https://example.com/x?y=1', key, at);
  assert.equal(refusalOfLink(link, key, at), undefined);
  assert.equal(refusalOfLink(link.replace('https://example.com', ''), key, at), undefined);
  assert.equal(refusalOfLink(link.replace('y=1', 'y=2'), key, at), 'Access not authenticated');
});

test('whatever is changed makes it worthless', () => {
  const link = signLink('/a', key, at);
  for (const other of [
    link.replace('/a', '/b'),
    link.replace(/expires=\d+/, `expires=${at + 99_999}`),
    `${link.slice(0, -1)}${link.endsWith('0') ? '1' : '0'}`,
    link.replace(/&validate_token.*/, ''),
    link.replace(/validate_token=.*/, 'validate_token=zz'),
    '/a?validate_token=00:00',
    '/a?expires=never',
    '/a',
  ])
    assert.equal(refusalOfLink(other, key, at), 'Access not authenticated', other);
  assert.equal(refusalOfLink(link, Buffer.alloc(32, 8), at), 'Access not authenticated');
});
