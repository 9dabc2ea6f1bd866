/** Table test of content types. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaTypeOf } from './media-type.ts';

const cases: [string, string][] = [
  ['a/b.txt', 'text/plain'],
  ['a.TXT', 'text/plain'],
  ['primary.xml.gz', 'application/gzip'],
  ['primary.xml.zst', 'application/zstd'],
  ['repomd.xml', 'text/xml'],
  ['x.tar.xz', 'application/x-xz'],
  ['x.json', 'application/json'],
  ['index.html', 'text/html'],
  ['x.js', 'application/javascript'],
  ['x.tgz', 'application/octet-stream'],
  ['x.rpm', 'application/octet-stream'],
  ['x.whl', 'application/octet-stream'],
  ['x.toString', 'application/octet-stream'],
  ['.txt', 'application/octet-stream'],
  ['d.txt/noext', 'application/octet-stream'],
  ['', 'application/octet-stream'],
];

for (const [path, type] of cases) test(`type of ${path}`, () => assert.equal(mediaTypeOf(path), type));
