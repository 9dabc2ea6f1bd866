import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUuid, lastUuid, uuidAtEnd } from './uuid.ts';

const ID = '01a229d4-bc60-760e-8aa0-bf64e9578f7a';

test('whole identifiers, with dashes or without', () => {
  assert.ok(isUuid(ID) && isUuid(ID.toUpperCase()) && isUuid(ID.replaceAll('-', '')));
  for (const text of ['', `${ID}/`, ID.slice(1), `x${ID}`, 'aaaaaaaa---------------------------'])
    assert.equal(isUuid(text), false, text);
});

test('identifiers within hrefs and PRNs', () => {
  const href = `/pulp/api/v3/repositories/file/file/${ID}/`;
  assert.equal(uuidAtEnd(href), ID);
  assert.equal(uuidAtEnd(`prn:core.task:${ID.toUpperCase()}`), ID);
  assert.equal(uuidAtEnd(ID), ID);
  assert.equal(uuidAtEnd(`${href}versions/1/`), undefined);
  assert.equal(uuidAtEnd(`/x${ID}/`), undefined);
  assert.equal(lastUuid(`${href}versions/1/`), ID);
  assert.equal(lastUuid('none'), undefined);
});
