/** Answers of a package type that the content app keeps: asked for once in each state, with validators and codings, and never outdated. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { sql } from '../../src/db/sql.ts';
import type { DistributionType } from '../../src/plugin-api/contracts/serve.ts';
import { useWorld } from './world.ts';

const world = await useWorld();
const asked: string[] = [];

/** Documents of packages, in two forms; a version says itself what it has changed. */
let changed: readonly string[] | undefined = ['a'];
const documents: DistributionType = {
  pulpType: 'plain.plain',
  servesPublications: false,
  keeps: (path, { accept }) => {
    const [, name] = /^doc\/(\w+)$/.exec(path) ?? [];
    return name === undefined ? undefined : { subject: name === 'all' ? '' : name, variant: `${accept}` };
  },
  changed: async () => changed,
  serve: async (_services, { version }, path, { headers: { accept } }) => {
    asked.push(path);
    if (path === 'doc/none') return undefined;
    if (path === 'doc/gone') return { kind: 'text', status: 410, body: 'gone', contentType: 'text/plain' };
    if (path === 'live') return { kind: 'text', body: 'live', contentType: 'text/plain' };
    if (!path.startsWith('doc/')) return undefined;
    const body = `${path} in version ${version?.number} as ${accept} `.repeat(60);
    return { kind: 'text', body, contentType: 'application/json', headers: { 'X-Own': 'yes', Vary: 'Accept' } };
  },
};

const client = await world.serve([documents]);
const repository = await world.repository();
const unit = await world.unit('doc/none', 'a file');
const distribution = await world.distribution('docs', { repository_id: repository.pulpId, pulp_type: 'plain.plain' });
await world.version(repository, [unit]);

const FORM = { accept: 'application/json' };
const get = async (path: string, headers: Record<string, string> = FORM) => {
  const before = asked.length;
  const answer = await client.get(`docs/${path}`, headers);
  return { ...answer, asked: asked.length - before };
};

test('an answer is asked for once, and sent with its own headers', async () => {
  const first = await get('doc/a');
  const again = await get('doc/a');
  assert.deepEqual([first.status, first.asked, first.headers['x-pulp-cache']], [200, 1, 'MISS']);
  assert.deepEqual([again.status, again.asked, again.headers['x-pulp-cache']], [200, 0, 'HIT']);
  assert.equal(again.text, first.text);
  for (const { headers } of [first, again]) {
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['x-own'], 'yes');
    assert.equal(headers.vary, 'Accept, Accept-Encoding');
    assert.equal(headers['cache-control'], 'no-cache');
    assert.equal(headers['content-length'], String(first.text.length));
  }
  const head = await client.head('docs/doc/a', FORM);
  assert.deepEqual([head.headers['content-length'], head.body.length], [String(first.text.length), 0]);
  const other = await get('doc/a', { accept: 'text/html' });
  assert.deepEqual([other.asked, other.headers.etag === first.headers.etag], [1, false]);
});

test('conditions and codings', async () => {
  const plain = await get('doc/a');
  const gzip = await get('doc/a', { ...FORM, 'accept-encoding': 'gzip' });
  const zstd = await get('doc/a', { ...FORM, 'accept-encoding': 'gzip, zstd' });
  assert.deepEqual([gzip.headers['content-encoding'], zstd.headers['content-encoding']], ['gzip', 'zstd']);
  assert.equal(gunzipSync(gzip.body).toString(), plain.text);
  assert.equal(zstdDecompressSync(zstd.body).toString(), plain.text);
  for (const { headers } of [plain, gzip, zstd]) {
    const known = await get('doc/a', { ...FORM, 'if-none-match': headers.etag! });
    assert.deepEqual([known.status, known.headers.etag, known.body.length], [304, headers.etag, 0]);
  }
  assert.equal((await get('doc/a', { ...FORM, 'if-none-match': '"other"' })).status, 200);
});

test('what is no text of status 200 is asked for each time, and a path without an answer is left to the core', async () => {
  for (let time = 0; time < 2; time++) {
    const gone = await get('doc/gone');
    assert.deepEqual([gone.status, gone.asked, gone.headers.etag], [410, 1, undefined]);
    const file = await get('doc/none');
    assert.deepEqual([file.status, file.text, file.asked], [200, 'a file', 1]);
    assert.deepEqual([(await get('live')).text, (await get('live')).asked], ['live', 1]);
  }
});

test('a new version costs the answers about what it has changed, and those about everything', async () => {
  for (const name of ['a', 'b', 'all']) await get(`doc/${name}`);
  await world.version(repository, []);
  const [a, b, all] = [await get('doc/a'), await get('doc/b'), await get('doc/all')];
  assert.deepEqual([a.asked, b.asked, all.asked], [1, 0, 1]);
  assert.match(a.text, /in version 2/);
  assert.match(b.text, /in version 1/);
  changed = undefined;
  await world.version(repository, []);
  assert.deepEqual([(await get('doc/a')).asked, (await get('doc/b')).asked], [1, 1]);
});

test('another change of the distribution costs all of them', async () => {
  changed = [];
  assert.equal((await get('doc/b')).asked, 0);
  await world.db.run(sql`update distribution set name = name || '!' where pulp_id = ${distribution}`);
  await world.db.run(sql`select pg_notify('distribution_changed', '*')`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal((await get('doc/b')).asked, 1);
});

test('a guard is asked for kept answers too', async () => {
  const guarded = await world.serve([documents], { guards: async () => 'Access denied.' });
  const guard = '01890000-0000-7000-8000-000000000001';
  await world.db.run(sql`insert into content_guard (pulp_id, domain_id, pulp_type, name)
    values (${guard}, ${world.domain.id}, 'core.header', 'g')`);
  const row = { repository_id: repository.pulpId, pulp_type: 'plain.plain', content_guard_id: guard };
  await world.distribution('guarded', row);
  const before = asked.length;
  assert.equal((await guarded.get('guarded/doc/a', FORM)).status, 403);
  assert.equal(asked.length, before);
});
