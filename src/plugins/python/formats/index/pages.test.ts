/** Pages of simple indexes are read as they were written, and read in other styles too. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { readMirrorConfig } from '../bandersnatch-config.ts';
import type { IndexFile } from './index-file.ts';
import { readIndexPage, readProjectPage } from './read-simple-html.ts';
import { readIndexJson, readProjectDocument } from './read-simple-json.ts';
import { writeIndexPage, writeProjectPage } from './simple-html.ts';
import { writeIndexJson, writeProjectJson } from './simple-json.ts';

const file: IndexFile = {
  filename: 'a<b-1.tar.gz',
  url: 'http://host/x/a%3Cb-1.tar.gz',
  hashes: { sha256: 'a'.repeat(64) },
  requiresPython: '>=3.8, <4',
  metadata: { sha256: 'b'.repeat(64) },
  yanked: 'has a "bug"',
  size: 5,
  uploadTime: '2026-01-01T00:00:00Z',
  provenance: 'http://host/p',
};
const plain = { ...file, requiresPython: null, metadata: null, yanked: null, provenance: null };
const projects = [{ name: 'A.b', normalized: 'a-b' }];

test('HTML pages', () => {
  const unknown = { size: null, uploadTime: null };
  const page = writeProjectPage('a-b', [file, plain]);
  assert.deepEqual(readProjectPage(page, 'http://host/simple/a-b/'), [
    { ...file, ...unknown },
    { ...plain, ...unknown },
  ]);
  assert.deepEqual(readIndexPage(writeIndexPage(projects)), ['A.b']);
});

test('JSON pages', () => {
  const document = JSON.parse(writeProjectJson('a-b', [file, plain], ['1']));
  assert.deepEqual(readProjectDocument(document, 'http://host/simple/a-b/'), [file, plain]);
  assert.deepEqual(readIndexJson(JSON.parse(writeIndexJson(projects))), ['A.b']);
});

test('other styles of HTML', () => {
  const page = `<A HREF='../../f/a-1.zip#md5=${'c'.repeat(32)}' data-yanked data-dist-info-metadata=true>a-1.zip</A><a name=x>no link</a>`;
  const [found, ...others] = readProjectPage(page, 'http://host/simple/a/') ?? [];
  assert.deepEqual([found?.url, found?.yanked, found?.metadata, others.length], ['http://host/f/a-1.zip', '', {}, 0]);
  assert.deepEqual(found?.hashes, { md5: 'c'.repeat(32) });
});

test('digests of other kinds, of files and of metadata', () => {
  const told = { ...plain, hashes: { sha512: 'd'.repeat(128) }, metadata: { sha384: 'e'.repeat(96) } };
  const [html] = readProjectPage(writeProjectPage('a', [told]), 'http://host/') ?? [];
  assert.deepEqual([html?.hashes, html?.metadata], [told.hashes, told.metadata]);
  const [json] = readProjectDocument(JSON.parse(writeProjectJson('a', [told], [])), 'http://host/') ?? [];
  assert.deepEqual([json?.hashes, json?.metadata], [told.hashes, told.metadata]);
  const [egg] = readProjectPage(`<a href="a-1.zip#egg=a&amp;sha1=${'f'.repeat(40)}">a</a>`, 'http://host/') ?? [];
  assert.deepEqual(egg?.hashes, { sha1: 'f'.repeat(40) });
});

test('what is no such document is not taken for an empty one', () => {
  for (const document of [null, 1, [], {}, { error: 'log in' }, { files: {}, projects: 'x' }]) {
    assert.equal(readProjectDocument(document, 'http://host/'), undefined);
    assert.equal(readIndexJson(document), undefined);
  }
  assert.deepEqual(readProjectDocument({ files: [{}, null, { filename: 'a', url: '' }] }, 'http://host/'), []);
  assert.deepEqual(readIndexJson({ projects: [{}, null] }), []);
});

test('pages of another kind are told from pages with nothing', () => {
  const login = '<title>Sign in</title><form><input name=user></form><a href="/forgotten">Forgotten?</a>';
  const script = '<div id="app"></div><script src="x.js"></script>';
  for (const page of [login, script, `<a href="/help">Help</a>${login}`, '<a href="/simple/">Home</a>']) {
    assert.equal(readIndexPage(page), undefined, page);
    assert.equal(readProjectPage(page, 'http://host/'), undefined, page);
  }
  for (const page of [
    '',
    '<html></html>',
    '<title>Simple index</title>',
    '<title>Index of /</title><a href="../">..</a>',
  ]) {
    assert.ok(readIndexPage(page), page);
    assert.deepEqual(
      readProjectPage(page, 'http://host/')?.filter(({ filename }) => filename),
      [],
      page,
    );
  }
  for (const href of ['foo-bar/', '/simple/foo-bar', 'http://host/simple/foo.bar/index.html', 'Foo_Bar/?x#y']) {
    assert.deepEqual(readIndexPage(`<a href="${href}">Foo.Bar</a>`), ['Foo.Bar']);
  }
});

test('HTML as browsers read it', () => {
  const hash = `#sha256=${'a'.repeat(64)}`;
  const read = (html: string) => readProjectPage(html, 'http://host/simple/x/') ?? [];
  const link = (attributes: string) => `<a ${attributes}>x</a>`;
  for (const quoted of ['">=3.8,<4"', "'>=3.8,<4'", '"&gt;=3.8,&lt;4"', '"&#62;=3.8&comma;&#x3C;4"']) {
    const [before] = read(link(`data-requires-python=${quoted} href="/f/x-1.0-py3-none-any.whl${hash}"`));
    assert.deepEqual([before?.filename, before?.requiresPython], ['x-1.0-py3-none-any.whl', '>=3.8,<4'], quoted);
    const [after] = read(link(`href='/f/x-1.0.zip' data-requires-python=${quoted} data-yanked="a > b"`));
    assert.deepEqual([after?.requiresPython, after?.yanked], ['>=3.8,<4', 'a > b'], quoted);
  }
  assert.equal(read(link('href="/f/x-1.0&plus;local.zip"'))[0]?.filename, 'x-1.0+local.zip');
  const hidden = `<!-- ${link('href="/f/x-1.zip"')} --><script>"${link('href="/f/x-2.zip"')}"</script>`;
  assert.deepEqual(
    read(hidden + link('href="/f/x-3.zip"')).map(({ filename }) => filename),
    ['x-3.zip'],
  );
  assert.equal(read(`<base href="/b/">${link('href="x-1.zip"')}`)[0]?.url, 'http://host/b/x-1.zip');
});

test('sizes and times that are none are left out, and a page without sizes is of the version before', () => {
  const odd = [null, 1.5, -1, '5', 2 ** 60].map((size) => ({ ...told, size }));
  const times = [null, 'yesterday', '2026-02-30T00:00:00Z', '2026-01-01', 5].map((time) => ({
    ...told,
    'upload-time': time,
  }));
  const read = readProjectDocument({ files: [...odd, ...times, told] }, 'http://host/') ?? [];
  assert.deepEqual(
    read.map(({ size }) => size),
    [...odd.map(() => null), ...times.map(() => 5), 5],
  );
  assert.deepEqual(
    read.map(({ uploadTime }) => uploadTime !== null),
    [...odd.map(() => true), ...times.map(() => false), true],
  );
  const page = JSON.parse(writeProjectJson('a', read, []));
  assert.equal(page.meta['api-version'], '1.0');
  assert.deepEqual(
    ['size', 'upload-time'].map((key) => key in page.files[0]),
    [false, true],
  );
  assert.deepEqual(
    ['size', 'upload-time'].map((key) => key in page.files[5]),
    [true, false],
  );
  assert.equal(JSON.parse(writeProjectJson('a', [file], [])).meta['api-version'], '1.1');
});

const told = { filename: 'a-1.zip', url: '/a-1.zip', size: 5, 'upload-time': '2026-01-01T00:00:00.5Z' };

test('configurations of mirrors', () => {
  const config =
    readMirrorConfig(`[mirror]\nmaster = http://host\nworkers = 5\n[plugins]\nenabled =\n    allowlist_project\n    latest_release
    exclude_platform\n    regex_release_file_metadata\n[allowlist]\npackages =\n    a\n    b>1 ; comment\n[latest_release]\nkeep = 2\n[blocklist]\nplatforms =\n    windows\n[regex_release_file_metadata]\nany:release_file.packagetype =\n    sdist\n`);
  assert.deepEqual(config, {
    url: 'http://host',
    workers: 5,
    prereleases: true,
    includes: ['a', 'b>1'],
    excludes: [],
    packageTypes: ['sdist'],
    keepLatest: 2,
    excludePlatforms: ['windows'],
  });
  assert.equal(readMirrorConfig('[mirror]\nmaster = http://host').workers, 3);
  assert.throws(() => readMirrorConfig('[mirror]\n'));
});

test('hostile pages: other schemes are no links, what is left open takes no time', () => {
  const page = `<a href="javascript:alert(1)">x-1.tar.gz</a><a href='file:///etc/passwd'>passwd</a><a href="data:,x">d</a>
    <A HREF=../../f/good-1.tar.gz
    >good-1.tar.gz</A ><a href="//other.example/o-1.zip">o<b>-1.zip</b>`;
  const files = readProjectPage(page, 'http://host/simple/x/');
  assert.deepEqual(
    files?.map(({ url }) => url),
    ['http://host/f/good-1.tar.gz', 'http://other.example/o-1.zip'],
  );
  const document = {
    files: [
      { filename: 'p', url: 'file:///etc/passwd' },
      { filename: 'q', url: 'javascript:1' },
    ],
  };
  assert.deepEqual(readProjectDocument(document, 'http://host/'), []);
  const million = 1_000_000;
  const started = performance.now();
  for (const piece of ['<div>', '</p>', '<!-', '&a', '<a ', '<a href="x">', '<base ', '<a href=x <', '</a', "<a b='"])
    readIndexPage(piece.repeat(million / 2));
  assert.deepEqual(readProjectPage('<base '.repeat(million), 'http://host/'), []);
  assert.ok(performance.now() - started < 20_000, 'time grows with the square of the length');
});
