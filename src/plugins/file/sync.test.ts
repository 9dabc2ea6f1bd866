import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileUrls } from './sync.ts';

test('files are beside the manifest, escaped, with its query', () => {
  const plain = fileUrls('https://host:8443/dir/PULP_MANIFEST');
  assert.equal(plain('a/b-1.0_x~y.iso'), 'https://host:8443/dir/a/b-1.0_x~y.iso');
  assert.equal(plain('c d,ä#?%.iso'), 'https://host:8443/dir/c%20d%2C%C3%A4%23%3F%25.iso');
  assert.equal(plain('epoch:1'), 'https://host:8443/dir/epoch:1');
  assert.equal(fileUrls('http://host/M?token=1')('x'), 'http://host/x?token=1');
  assert.equal(fileUrls('file:///srv/files/M')('x y'), 'file:///srv/files/x%20y');
});
