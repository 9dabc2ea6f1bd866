/** Tests of the directory page. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatListingDate, formatSize, htmlListing } from './html-listing.ts';

test('sizes', () => {
  const sizes: [number, string][] = [
    [0, '0 Bytes'],
    [1, '1 Byte'],
    [151, '151 Bytes'],
    [999, '999 Bytes'],
    [1000, '1.0 kB'],
    [1250, '1.2 kB'],
    [1500, '1.5 kB'],
    [1750, '1.8 kB'],
    [999_950, '1000.0 kB'],
    [1_000_000, '1.0 MB'],
    [4_700_000_000, '4.7 GB'],
  ];
  for (const [bytes, text] of sizes) assert.equal(formatSize(bytes), text);
});

test('dates are in UTC', () => {
  assert.equal(formatListingDate(Date.UTC(2024, 10, 5, 13, 7)), '05-Nov-2024 13:07');
});

test('the page as scrapers know it', () => {
  const date = Date.UTC(2026, 10, 22, 14, 32);
  const page = htmlListing('/pulp/content/a&b/', [
    { name: 'b.txt', date, size: 1500 },
    { name: 'a&b<c>.txt', date, size: 1 },
    { name: 'd/', date, size: 7 },
    { name: 'n'.repeat(124), date, size: 3 },
    { name: 'pct%3a' },
  ]);
  const expected = [
    '',
    '<html>',
    '<head><title>Index of /pulp/content/a&amp;b/</title></head>',
    '<body bgcolor="white">',
    '<h1>Index of /pulp/content/a&amp;b/</h1>',
    '<hr><pre><a href="../">../</a>',
    `<a href="./a&amp;b&lt;c&gt;.txt">a&amp;b&lt;c&gt;.txt</a>${' '.repeat(80)}22-Nov-2026 14:32  1 Byte`,
    `<a href="./b.txt">b.txt</a>${' '.repeat(95)}22-Nov-2026 14:32  1.5 kB`,
    `<a href="./d/">d/</a>${' '.repeat(98)}22-Nov-2026 14:32  `,
    `<a href="./${'n'.repeat(124)}">${'n'.repeat(124)}</a>22-Nov-2026 14:32  3 Bytes`,
    `<a href="./pct%253a">pct%3a</a>${' '.repeat(94)}  `,
    '</pre><hr></body>',
    '</html>',
  ];
  assert.equal(page, expected.join('\n'));
});

test('a page without the line above', () => {
  assert.match(htmlListing('/c/', [], { parent: false }), /<hr><pre>\n<\/pre>/);
});
