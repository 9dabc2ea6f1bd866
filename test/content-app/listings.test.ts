/** Listings of distributions, publications and versions, byte by byte, and checkpoints (core.md §5.4, §5.5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { TYPES, useWorld } from './world.ts';

const world = await useWorld();
const client = await world.serve();
const repository = await world.repository();
const first = await Promise.all([
  world.unit('a.txt', 'a.txt'),
  world.unit('dir/b.tar.gz', 'b'.repeat(3600)),
  world.unit('dir/sub/c&d.txt', 'c'),
  world.unit("we'ird<>.txt", 'w'.repeat(24)),
  world.unit('dir-x', 'x'),
  world.unit('Z/z', 'z'),
  world.unit('Ünï', 'u'),
]);
await world.version(repository, first, [], '2026-11-22T14:52:13Z');
const remote = await world.remote('http://127.0.0.1:1/');
const later = await world.unit('Z/later', null, {
  sources: [{ url: 'http://127.0.0.1:1/later', remote, size: 10_485_760 }],
});
const version = await world.version(repository, [later], [], '2026-12-01T00:00:00Z');
const values = { passThrough: true, created: '2026-12-02T10:11:12Z' };
const publication = await world.publication(version, { PULP_MANIFEST: 'm'.repeat(475), 'a.txt': 'published' }, values);
await world.distribution('cat1/one', { publication_id: publication });
await world.distribution('cat1/deep/two', { repository_id: repository.pulpId, pulp_type: 'plain.plain' });
await world.distribution('cat1h/hidden', { hidden: true, publication_id: publication });
await world.distribution('cat2', { repository_id: repository.pulpId, pulp_type: 'plain.plain' });

const line = (name: string, rest: string, shown = name) =>
  `<a href="./${name}">${shown}</a>${' '.repeat(100 - shown.length)}${rest}\n`;

function page(title: string, lines: string, parent = '<a href="../">../</a>'): string {
  return `
<html>
<head><title>Index of ${title}</title></head>
<body bgcolor="white">
<h1>Index of ${title}</h1>
<hr><pre>${parent}
${lines}</pre><hr></body>
</html>`;
}

test('the top lists the first components', async () => {
  const answer = await client.get('');
  assert.equal(answer.text, page('/pulp/content/', line('cat1/', '  ') + line('cat2/', '  '), ''));
  assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(answer.headers['x-pulp-cache'], undefined);
});

test('a part of a base path lists the next components', async () => {
  assert.equal((await client.get('cat1/')).text, page('cat1/', line('deep/', '  ') + line('one/', '  ')));
  assert.equal((await client.get('cat1/deep/')).text, page('cat1/deep/', line('two/', '  ')));
  assert.equal((await client.get('cat')).status, 404);
  assert.equal((await client.get('cat/')).status, 404);
  assert.equal((await client.get('cat1/dee')).status, 404);
});

test('hidden distributions are served but not listed', async () => {
  assert.equal((await client.get('cat1h/')).text, page('cat1h/', ''));
  assert.equal((await client.get('cat1h')).status, 301);
  assert.equal((await client.get('cat1h/hidden/a.txt')).text, 'published');
});

test('guarded distributions are listed unless setting or domain hide them', async () => {
  const hiding = await useWorld({ hideGuardedDistributions: true });
  const guard = '01890000-0000-7000-8000-000000000002';
  for (const one of [world, hiding]) {
    await one.db.run(
      sql`insert into content_guard (pulp_id, domain_id, pulp_type, name) values (${guard}, ${one.domain.id}, 'core.header', 'g')`,
    );
    await one.distribution('guard/a', { content_guard_id: guard });
    await one.distribution('guard/b', {});
  }
  assert.equal((await client.get('guard/')).text, page('guard/', line('a/', '  ') + line('b/', '  ')));
  assert.equal((await (await hiding.serve()).get('guard/')).text, page('guard/', line('b/', '  ')));
  await world.db.run(sql`update domain set hide_guarded_distributions = true where id = ${world.domain.id}`);
  assert.equal((await client.get('guard/')).text, page('guard/', line('b/', '  ')));
});

test('a publication lists published files and content, merged and sorted by bytes', async () => {
  const expected = page(
    '/pulp/content/cat1/one/',
    line('PULP_MANIFEST', '02-Dec-2026 10:11  475 Bytes') +
      line('Z/', '01-Dec-2026 00:00  ') +
      line('a.txt', '02-Dec-2026 10:11  9 Bytes') +
      line('dir-x', '22-Nov-2026 14:52  1 Byte') +
      line('dir/', '22-Nov-2026 14:52  ') +
      line('we&#39;ird&lt;&gt;.txt', '22-Nov-2026 14:52  24 Bytes') +
      line('Ünï', '22-Nov-2026 14:52  1 Byte'),
  );
  const miss = await client.get('cat1/one/');
  assert.equal(miss.text, expected);
  assert.equal(miss.headers['x-pulp-cache'], 'MISS');
  const hit = await client.get('cat1/one/');
  assert.equal(hit.text, expected);
  assert.equal(hit.headers['x-pulp-cache'], 'HIT');
});

test('directories below, and of versions; the size of files that are upstream only', async () => {
  const sub = line('b.tar.gz', '22-Nov-2026 14:52  3.6 kB') + line('sub/', '22-Nov-2026 14:52  ');
  assert.equal((await client.get('cat1/one/dir/')).text, page('/pulp/content/cat1/one/dir/', sub));
  assert.equal((await client.get('cat2/dir/')).text, page('/pulp/content/cat2/dir/', sub));
  const amp = line('c&amp;d.txt', '22-Nov-2026 14:52  1 Byte');
  assert.equal((await client.get('cat2/dir/sub/')).text, page('/pulp/content/cat2/dir/sub/', amp));
  const z = line('later', '01-Dec-2026 00:00  10.5 MB') + line('z', '22-Nov-2026 14:52  1 Byte');
  assert.equal((await client.get('cat2/Z/')).text, page('/pulp/content/cat2/Z/', z));
  assert.equal((await client.get('cat2/dir/nope/')).status, 404);
});

test('index.html of a version stands for its directory', async () => {
  const index = await world.unit('i/index.html', 'index');
  const own = await world.version(await world.repository(), [index]);
  await world.distribution('index', { repository_version_id: own, pulp_type: 'plain.plain' });
  assert.equal((await client.get('index/i/')).text, 'index');
});

test('a large directory is made by way of a file', async () => {
  const many = await world.repository();
  const id = await world.version(many, []);
  await world.db.run(sql`with made as (
      insert into content (pulp_id, domain_id, pulp_type, natural_key)
      select gen_random_uuid(), ${world.domain.id}, 'file.file', convert_to('many' || n, 'UTF8') from generate_series(1, 30000) n returning id),
    numbered as (select id, row_number() over (order by id) as n from made),
    member as (insert into repository_content (repository_id, content_id, version_added) select ${many.id}, id, 1 from numbered)
    insert into content_artifact (content_id, relative_path) select id, 'many/file-' || lpad(n::text, 6, '0') from numbered`);
  await world.distribution('many', { repository_version_id: id, pulp_type: 'plain.plain' });
  const answer = await client.get('many/many/');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-length'], String(answer.body.length));
  const names = [...answer.text.matchAll(/href="\.\/([^"]+)"/g)].map((match) => match[1]);
  assert.equal(names.length, 30_000);
  assert.deepEqual([names[0], names[29_999]], ['file-000001', 'file-030000']);
  assert.equal((await client.get('many/many/file-030001')).status, 404);
  const left = await Array.fromAsync(world.store.driver.list('tmp/files/'));
  assert.deepEqual(left, []);
});

test('checkpoints are listed and served by time', async () => {
  const checked = await world.repository();
  const [one, two] = [await world.unit('one', '1'), await world.unit('two', '2')];
  const made = { checkpoint: true, passThrough: true };
  await world.publication(await world.version(checked, [one]), {}, { ...made, created: '2026-01-01T10:00:00.9Z' });
  await world.publication(await world.version(checked, []), {}, { passThrough: true });
  await world.publication(await world.version(checked, [two]), {}, { ...made, created: '2026-01-02T10:00:00Z' });
  await world.distribution('cp', { repository_id: checked.pulpId, checkpoint: true });
  const lines = line('20260101T100000Z/', '01-Jan-2026 10:00  ') + line('20260102T100000Z/', '02-Jan-2026 10:00  ');
  assert.equal((await client.get('cp/')).text, page('', lines));
  assert.equal((await client.get('cp/20260101T100000Z/one')).text, '1');
  assert.equal((await client.get('cp/20260101T100000Z/two')).status, 404);
  assert.equal((await client.get('cp/20260102T100000Z/two')).text, '2');
  const root = await client.get('cp/20260102T100000Z/');
  assert.match(root.text, /Index of \/pulp\/content\/cp\/20260102T100000Z\//);
  for (const [path, location] of [
    ['cp', 'cp/'],
    ['cp/foo', 'cp/foo/'],
    ['cp/20200101T000000Z', 'cp/20200101T000000Z/'],
    ['cp/20260101T100001Z/one', 'cp/20260101T100000Z/one'],
    ['cp/20260102T095959Z/dir?x=1', 'cp/20260101T100000Z/dir'],
    ['cp/20260103T000000Z/', 'cp/20260102T100000Z/'],
  ]) {
    const answer = await client.get(path!);
    assert.deepEqual([answer.status, answer.headers.location], [301, `/pulp/content/${location}`], path);
  }
  const future = `${new Date(Date.now() + 60_000).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  for (const path of ['cp/foo/', 'cp/20260101T095959Z/one', `cp/${future}/one`, 'cp/20261301T000000Z/']) {
    assert.equal((await client.get(path)).status, 404, path);
  }
  await world.publication(await world.version(checked, [one]), {}, { ...made, created: '2026-01-04T00:00:00Z' });
  assert.equal((await client.get('cp/20260104T000000Z/one')).text, '1', 'a new checkpoint is seen at once');
});

test('domains have content of their own', async () => {
  const other = await useWorld({ domainEnabled: true });
  const domain = await other.newDomain('second');
  const server = await other.serve(TYPES);
  const own = await other.repository(domain);
  const unit = await other.unit('file', 'second', { domain });
  await other.version(own, [unit]);
  await other.distribution('base', { repository_id: own.pulpId, pulp_type: 'plain.plain' }, domain);
  assert.equal((await server.get('second/base/file')).text, 'second');
  assert.equal((await server.get('default/base/file')).status, 404);
  assert.equal((await server.get('base/file')).status, 404);
  assert.equal((await server.get('')).status, 404);
  assert.equal((await server.get('nosuch')).status, 404);
  assert.equal((await server.get('nosuch/')).status, 404);
  assert.equal((await server.get('second')).headers.location, '/pulp/content/second/');
  assert.equal((await server.get('second/')).text, page('/pulp/content/second/', line('base/', '  '), ''));
  assert.equal((await server.get('default/')).text, page('/pulp/content/default/', '', ''));
  assert.match((await server.get('second/base/')).text, /Index of \/pulp\/content\/second\/base\//);
});
