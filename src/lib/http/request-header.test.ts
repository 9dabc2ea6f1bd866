import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headersError } from './request-header.ts';

test('headers that can be sent', () => {
  for (const headers of [{}, { 'X-Own': 'a b\tc' }, { Cookie: '' }, { 'User-Agent': 'ä/1' }]) {
    assert.equal(headersError(headers), undefined, JSON.stringify(headers));
  }
});

test('headers that cannot', () => {
  for (const name of ['a b', '', 'a:', 'ä', 'a\n']) assert.match(headersError({ [name]: 'x' })!, /not the name/);
  for (const value of ['a\nb', 'a\r', '\0', '€', null, 1, {}]) assert.match(headersError({ a: value })!, /value/);
  for (const name of ['Transfer-Encoding', 'content-length', 'Connection', 'Expect', 'TE']) {
    assert.match(headersError({ [name]: 'x' })!, /set by the server/);
  }
});
