/** Files, their headers, conditions and ranges, directories and refusals (core.md §5.4). */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { sha256, useWorld } from './world.ts';

const world = await useWorld();
const client = await world.serve();
const repository = await world.repository();
const large = randomBytes(1_000_003);
const a = await world.unit('a.txt', 'a.txt');
const b = await world.unit('dir/b.tar.gz', 'b'.repeat(3600));
const big = await world.unit('dir/big', large);
const empty = await world.unit('empty', '');
const version = await world.version(repository, [a, b, big, empty], [], '2026-01-02T03:04:05.678Z');
const publication = await world.publication(
  version,
  { META: 'meta', 'idx/index.html': '<p>' },
  { passThrough: true, created: '2026-01-03T00:00:00Z' },
);
await world.distribution('one/two', { repository_id: repository.pulpId });
await world.distribution('plain', { repository_id: repository.pulpId, pulp_type: 'plain.plain' });
const etag = `"${sha256('a.txt')}"`;

test('a file has the headers clients know', async () => {
  const answer = await client.get('one/two/a.txt');
  assert.equal(answer.status, 200);
  assert.equal(answer.text, 'a.txt');
  const { date: _, connection: _c, ...headers } = answer.headers;
  assert.deepEqual(headers, {
    'content-type': 'text/plain',
    'content-length': '5',
    'cache-control': 'public, max-age=0, must-revalidate',
    'last-modified': 'Fri, 02 Jan 2026 03:04:05 GMT',
    etag,
    'x-pulp-artifact-size': '5',
    'x-pulp-cache': 'MISS',
    'accept-ranges': 'bytes',
  });
  assert.equal((await client.get('one/two/a.txt?x=1')).headers['x-pulp-cache'], 'HIT');
  assert.equal((await client.get('one/two/a%2Etxt')).text, 'a.txt');
});

test('types come from the name, metadata have the time of the publication', async () => {
  assert.equal((await client.get('one/two/dir/b.tar.gz')).headers['content-type'], 'application/gzip');
  const meta = await client.get('one/two/META');
  assert.equal(meta.headers['content-type'], 'application/octet-stream');
  assert.equal(meta.headers['last-modified'], 'Sat, 03 Jan 2026 00:00:00 GMT');
});

test('HEAD is as GET without body', async () => {
  for (const path of ['one/two/a.txt', 'one/two/dir/big', 'one/two/', 'one/two/empty']) {
    const [get, head] = [await client.get(path), await client.head(path)];
    assert.equal(head.body.length, 0);
    assert.equal(head.headers['content-length'], String(get.body.length));
    assert.equal(head.headers.etag, get.headers.etag);
  }
});

test('large files come whole, and in ranges', async () => {
  assert.ok((await client.get('one/two/dir/big')).body.equals(large));
  for (const [range, start, end] of [
    ['bytes=0-0', 0, 1],
    ['bytes=5-300000', 5, 300_001],
    ['bytes=999999-', 999_999, large.length],
    ['bytes=-7', large.length - 7, large.length],
    ['bytes=10-99999999', 10, large.length],
  ] as const) {
    const answer = await client.get('one/two/dir/big', { range });
    assert.equal(answer.status, 206);
    assert.equal(answer.headers['content-range'], `bytes ${start}-${end - 1}/${large.length}`);
    assert.ok(answer.body.equals(large.subarray(start, end)), range);
  }
});

test('ranges that cannot be answered', async () => {
  for (const range of ['bytes=9-', 'bytes=0-1,3-4', 'bytes=foo', 'lines=0-1', 'bytes=-0']) {
    const answer = await client.get('one/two/a.txt', { range });
    assert.equal(answer.status, 416, range);
    assert.equal(answer.headers['content-range'], 'bytes */5');
    assert.equal(answer.headers.etag, etag);
  }
  assert.equal((await client.get('one/two/empty')).status, 200);
  assert.equal((await client.get('one/two/empty', { range: 'bytes=0-' })).status, 416);
});

test('conditions', async () => {
  const cases: [Record<string, string>, number][] = [
    [{ 'if-none-match': etag }, 304],
    [{ 'if-none-match': `"x", W/${etag}` }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"x"' }, 200],
    [{ 'if-modified-since': 'Fri, 02 Jan 2026 03:04:05 GMT' }, 304],
    [{ 'if-modified-since': 'Fri, 02 Jan 2026 03:04:04 GMT' }, 200],
    [{ 'if-none-match': '"x"', 'if-modified-since': 'Fri, 02 Jan 2027 03:04:05 GMT' }, 200],
    [{ 'if-modified-since': 'nonsense' }, 200],
    [{ 'if-match': '"x"' }, 412],
    [{ 'if-match': `W/${etag}` }, 412],
    [{ 'if-match': etag }, 200],
    [{ 'if-unmodified-since': 'Fri, 02 Jan 2020 03:04:05 GMT' }, 412],
    [{ range: 'bytes=1-2', 'if-range': etag }, 206],
    [{ range: 'bytes=1-2', 'if-range': '"x"' }, 200],
    [{ range: 'bytes=1-2', 'if-range': 'Fri, 02 Jan 2026 03:04:05 GMT' }, 206],
    [{ range: 'bytes=1-2', 'if-range': 'Fri, 02 Jan 2026 03:04:04 GMT' }, 200],
    [{ range: 'bytes=1-2', 'if-none-match': etag }, 304],
  ];
  for (const [headers, status] of cases) {
    const answer = await client.get('one/two/a.txt', headers);
    assert.equal(answer.status, status, JSON.stringify(headers));
    assert.equal(answer.headers['cache-control'], 'public, max-age=0, must-revalidate');
    assert.equal(answer.headers.etag, etag);
  }
});

test('other methods are refused', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const answer = await client.get('one/two/a.txt', {}, method);
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.allow, 'GET,HEAD');
    assert.equal(answer.text, '405: Method Not Allowed');
  }
});

test('directories without slash are redirected', async () => {
  for (const path of ['one', 'one/two', 'one/two/dir', 'one/two/idx', 'one/two/dir?x=1', 'one/tw%6F']) {
    const answer = await client.get(path);
    assert.equal(answer.status, 301, path);
    assert.equal(answer.headers.location, `/pulp/content/${path.replace('?x=1', '')}/`);
    assert.equal(answer.text, '301: Moved Permanently');
    assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
  }
});

test('published index.html stands for its directory', async () => {
  const answer = await client.get('one/two/idx/');
  assert.equal(answer.text, '<p>');
  assert.equal(answer.headers['content-type'], 'text/html');
});

test('what is not there is 404', async () => {
  const paths = [
    'one/two/nope',
    'one/two/dir/nope',
    'one/two/a.txt/',
    'one/two/di',
    'one/two/nope/',
    'one/three',
    'two/',
    'two',
  ];
  const odd = ['one/two/dir//b.tar.gz', 'one//two/a.txt', 'one/two/dir/../a.txt', 'one/two/%ff', 'one/two/a%00.txt'];
  for (const path of [...paths, ...odd]) {
    for (const round of ['MISS', 'HIT']) {
      const answer = await client.get(path);
      assert.equal(answer.status, 404, path);
      assert.equal(answer.text, '404: Not Found');
      assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
      if (path.startsWith('one/two/') && !/%/.test(path)) assert.equal(answer.headers['x-pulp-cache'], round, path);
    }
  }
});

test('slashes too many behind the base path are passed over, as clients join URLs carelessly', async () => {
  for (const path of ['one/two//a.txt', 'one/two///a.txt']) {
    assert.deepEqual([path, (await client.get(path)).text], [path, 'a.txt']);
  }
  assert.equal((await client.get('one/two//')).status, 200);
});

test('a distribution without publication serves versions only of types that need none', async () => {
  const other = await world.repository();
  await world.version(other, [a]);
  await world.distribution('unpublished', { repository_id: other.pulpId });
  await world.distribution('version', { repository_id: other.pulpId, pulp_type: 'plain.plain' });
  await world.distribution('nothing');
  assert.equal((await client.get('unpublished/a.txt')).status, 404);
  assert.equal((await client.get('unpublished/')).status, 404);
  for (const path of ['nothing/', 'nothing/a.txt']) {
    const { status, reason, headers } = await client.get(path);
    assert.deepEqual([status, headers['x-pulp-cache']], [404, undefined]);
    assert.match(
      reason,
      /^Distribution is not pointing to a publication, repository, repository version, or remote\.$/,
    );
  }
  assert.equal((await client.get('version/a.txt')).text, 'a.txt');
  assert.equal((await client.get('plain/META')).text, 'meta', 'but a publication of the version they serve is used');
});

test('what is served: set publication, set version, newest publication of the highest published version', async () => {
  const source = await world.repository();
  const [one, two, three] = [await world.unit('1', '1'), await world.unit('2', '2'), await world.unit('3', '3')];
  const first = await world.version(source, [one]);
  const second = await world.version(source, [two], [one]);
  await world.version(source, [three], [two]);
  const old = await world.publication(first, { which: 'old' }, { passThrough: true });
  await world.publication(second, { which: 'newer' }, { passThrough: true });
  await world.publication(first, { which: 'newest of first' }, { passThrough: true });
  await world.publication(second, { which: 'incomplete' }, { complete: false });
  await world.distribution('by/repository', { repository_id: source.pulpId });
  await world.distribution('by/version', { repository_version_id: first });
  await world.distribution('by/publication', { publication_id: old });
  await world.distribution('by/latest', { repository_id: source.pulpId, pulp_type: 'plain.plain' });
  await world.distribution('by/old', { repository_version_id: second, pulp_type: 'plain.plain' });
  assert.equal((await client.get('by/repository/which')).text, 'newer');
  assert.equal((await client.get('by/repository/2')).text, '2');
  assert.equal((await client.get('by/repository/1')).status, 404);
  assert.equal((await client.get('by/version/which')).text, 'newest of first');
  assert.equal((await client.get('by/version/1')).text, '1');
  assert.equal((await client.get('by/publication/which')).text, 'old');
  assert.equal((await client.get('by/latest/3')).text, '3');
  assert.equal((await client.get('by/latest/2')).status, 404);
  assert.equal((await client.get('by/old/2')).text, '2');
});

test('without pass-through only published files are seen; they go before content', async () => {
  const other = await world.version(await world.repository(), [a, b]);
  const closed = await world.publication(other, { 'a.txt': 'published', unit: b });
  await world.distribution('closed', { publication_id: closed });
  assert.equal((await client.get('closed/a.txt')).text, 'published');
  assert.equal((await client.get('closed/unit')).body.length, 3600);
  assert.equal((await client.get('closed/dir/b.tar.gz')).status, 404);
  assert.equal((await client.get('closed/dir/')).status, 404);
  const open = await world.publication(other, { 'a.txt': 'published' }, { passThrough: true });
  await world.distribution('open', { publication_id: open });
  assert.equal((await client.get('open/a.txt')).text, 'published');
});

test('guards are asked at every request; refusals are 403 with the reason', async () => {
  const guard = '01890000-0000-7000-8000-000000000001';
  await world.db.run(sql`insert into content_guard (pulp_id, domain_id, pulp_type, name, details)
    values (${guard}, ${world.domain.id}, 'core.header', 'g', '{"k": "v"}')`);
  await world.distribution('guarded', { publication_id: publication, content_guard_id: guard });
  let asked = 0;
  const guarded = await world.serve(undefined, {
    guards: async (row, _domain, request) => {
      asked++;
      assert.deepEqual(row.details, { k: 'v' });
      return request.headers['x-pass'] ? undefined : 'Access\ndenied.';
    },
  });
  const refused = await guarded.get('guarded/a.txt');
  assert.deepEqual([refused.status, refused.reason, refused.text], [403, 'Access denied.', '403: Access\ndenied.']);
  assert.equal((await guarded.get('guarded/a.txt', { 'x-pass': '1' })).text, 'a.txt');
  assert.equal((await guarded.get('guarded/a.txt', { 'x-pass': '1' })).headers['x-pulp-cache'], 'HIT');
  assert.equal((await guarded.get('guarded/a.txt')).status, 403);
  assert.equal(asked, 4);
  assert.equal((await client.get('guarded/a.txt')).status, 403, 'nobody to ask: refused');
});

test('a plugin answers before everything else', async () => {
  const served = await world.serve([
    {
      pulpType: 'file.file',
      servesPublications: true,
      serve: async (_services, distribution, path, { headers }) => {
        if (path === 'text')
          return {
            kind: 'text',
            body: `${distribution.basePath} ${headers['x-a']}`,
            contentType: 'text/x',
            headers: { 'x-b': 'c' },
          };
        if (path === 'gone') return { kind: 'redirect', location: 'https://elsewhere/', status: 307 };
        if (path === 'unit') return { kind: 'contentArtifact', id: a.contentArtifactId, contentType: 'application/x' };
        return undefined;
      },
    },
  ]);
  const text = await served.get('one/two/text', { 'x-a': 'y' });
  assert.deepEqual([text.text, text.headers['content-type'], text.headers['x-b']], ['one/two y', 'text/x', 'c']);
  assert.equal((await served.head('one/two/text')).body.length, 0);
  const redirect = await served.get('one/two/gone');
  assert.deepEqual([redirect.status, redirect.headers.location], [307, 'https://elsewhere/']);
  const unit = await served.get('one/two/unit');
  assert.deepEqual([unit.text, unit.headers['content-type'], unit.headers.etag], ['a.txt', 'application/x', etag]);
  assert.equal((await served.get('one/two/META')).text, 'meta');
});

test('a missing file in the storage is 404, and found again when it is back', async () => {
  const lost = await world.unit('lost', large.subarray(1));
  await world.distribution('lost', {
    repository_version_id: await world.version(await world.repository(), [lost]),
    pulp_type: 'plain.plain',
  });
  assert.equal((await client.get('lost/lost')).status, 200);
  await world.store.driver.remove(world.store.keyOf(sha256(large.subarray(1))));
  assert.equal((await client.get('lost/lost')).status, 404);
  await world.artifact(large.subarray(1));
  assert.equal((await client.get('lost/lost')).status, 200);
});

test('a directory in the place of a file is a missing file', async () => {
  const small = Buffer.from('small and away');
  const units = [await world.unit('big', large.subarray(2)), await world.unit('small', small)];
  await world.distribution('places', {
    repository_version_id: await world.version(await world.repository(), units),
    pulp_type: 'plain.plain',
  });
  for (const [path, bytes] of [
    ['big', large.subarray(2)],
    ['small', small],
  ] as const) {
    const place = world.store.driver.localPath(world.store.keyOf(sha256(bytes)))!;
    rmSync(place);
    mkdirSync(place);
    for (const method of ['GET', 'HEAD'])
      assert.equal((await client.get(`places/${path}`, { method })).status, 404, path);
    assert.equal(await world.store.driver.stat(world.store.keyOf(sha256(bytes))), undefined);
    rmdirSync(place);
  }
});

test('a client that leaves is no error', async () => {
  const before = world.logged.length;
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      const controller = new AbortController();
      const answer = await fetch(`http://127.0.0.1:${client.port}/pulp/content/one/two/dir/big`, {
        signal: controller.signal,
      });
      controller.abort();
      await answer.arrayBuffer().catch(() => undefined);
    }),
  );
  assert.equal((await client.get('one/two/a.txt')).status, 200);
  assert.equal(world.logged.length, before);
});

test('the content prefix without its slash leads to the list of distributions', async () => {
  const { status, headers } = await client.get('/pulp/content');
  assert.deepEqual([status, headers.location], [301, '/pulp/content/']);
  assert.equal((await client.get('/pulp/contents')).status, 404);
});
