/** Paths that only the distribution's remote has. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { KeepPulled, PulledContent } from '../../src/content-app/upstream/pull-through.ts';
import { sql } from '../../src/db/sql.ts';
import type { DistributionType } from '../../src/plugin-api/contracts/serve.ts';
import type { ContentType } from '../../src/plugin-api/declare/content.ts';
import { Upstream } from './upstream-server.ts';
import { sha256, useWorld } from './world.ts';

const world = await useWorld();
const upstream = await Upstream.start();
after(() => upstream.close());
const pulled: PulledContent[] = [];
const type: DistributionType = {
  pulpType: 'plain.plain',
  servesPublications: false,
  pullThrough: async (path, digests, size) =>
    path.endsWith('.pkg')
      ? { type: {} as ContentType, values: { path, size, sha512: digests.sha512 }, artifacts: [{ relativePath: path }] }
      : undefined,
};
const added: [basePath: string, contentArtifactId: number][] = [];
const keepPulled: KeepPulled = {
  async save(one) {
    await sleep(100);
    pulled.push(one);
    await world.store.discard(one.temp);
  },
  async add({ basePath }, contentArtifactId) {
    added.push([basePath, contentArtifactId]);
  },
};
const client = await world.serve([type], { keepPulled });
/** Sends what is larger than some bytes while it comes. */
const following = await world.serve([type], { keepPulled, holdBytes: 1000 });
const repository = await world.repository();
const local = await world.unit('local.pkg', 'local');
await world.version(repository, [local]);
const remote = await world.remote(`${upstream.url}/up/`);
const streamed = await world.remote(`${upstream.url}/up`, { policy: 'streamed' });
await world.distribution('pull', { repository_id: repository.pulpId, pulp_type: 'plain.plain', remote_id: remote });
await world.distribution('stream', { repository_id: repository.pulpId, pulp_type: 'plain.plain', remote_id: streamed });
upstream.files.set('/up/a.pkg', { body: Buffer.from('a'), headers: { 'content-type': 'application/x-pkg' } });
upstream.files.set('/up/index', { body: Buffer.from('index'), headers: { 'content-type': 'text/special' } });
upstream.files.set('/up/dir/x%20y', { body: Buffer.from('spaced') });

test('what is here is served from here', async () => {
  assert.equal((await client.get('pull/local.pkg')).text, 'local');
  assert.equal(upstream.requests.length, 0);
});

test('recognised files are handed on with their bytes', async () => {
  const answer = await client.get('pull/a.pkg');
  assert.deepEqual([answer.status, answer.text, answer.headers['content-type']], [200, 'a', 'application/x-pkg']);
  assert.equal(answer.headers.etag, `"${sha256('a')}"`);
  const [one] = pulled;
  assert.equal(one?.url, `${upstream.url}/up/a.pkg`);
  assert.equal(one?.content.values.size, 1);
  assert.equal(String(one?.content.values.sha512).length, 128);
  assert.equal(one?.content.artifacts[0]?.temp?.digests.sha256, sha256('a'));
  assert.equal(one?.distribution.basePath, 'pull');
});

test('the end of a large file is held back until it is handed on', async () => {
  const body = Buffer.alloc(12_000_000, 'large');
  for (const withoutLength of [false, true]) {
    const name = withoutLength ? 'unsized' : 'sized';
    upstream.files.set(`/up/${name}.pkg`, { body, withoutLength });
    const answer = await following.get(`pull/${name}.pkg`);
    assert.equal(sha256(answer.text), sha256(body));
    assert.equal(pulled.at(-1)?.url, `${upstream.url}/up/${name}.pkg`);
  }
});

test('others are streamed only, as is everything of a streamed remote', async () => {
  const before = pulled.length;
  const answer = await client.get('pull/index');
  assert.deepEqual([answer.text, answer.headers['content-type']], ['index', 'text/special']);
  assert.equal((await client.get('pull/dir/x%20y')).text, 'spaced');
  assert.equal((await client.get('stream/a.pkg')).text, 'a');
  assert.equal(pulled.length, before);
});

test('the status of upstream is passed on, and not remembered', async () => {
  const missing = await client.get('pull/none');
  const reason = `Error while fetching from upstream remote(${upstream.url}/up/none): Not Found`;
  assert.deepEqual([missing.status, missing.reason, missing.text], [404, reason, `404: ${reason}`]);
  upstream.files.set('/up/none', { status: 403 });
  assert.equal((await client.get('pull/none')).status, 403);
  upstream.files.set('/up/none', { body: Buffer.from('now') });
  assert.equal((await client.get('pull/none')).text, 'now');
  const nowhere = await world.remote('http://127.0.0.1:1/');
  await world.distribution('nowhere', {
    repository_id: repository.pulpId,
    pulp_type: 'plain.plain',
    remote_id: nowhere,
  });
  assert.equal((await client.get('nowhere/x')).status, 502);
});

test('a path that a sync has made known is served as that unit', async () => {
  const known = await world.unit('known.pkg', 'known');
  await world.source(known.contentArtifactId, { url: `${upstream.url}/up/known.pkg`, remote });
  const answer = await client.get('pull/known.pkg');
  assert.equal(answer.text, 'known');
  assert.equal(upstream.count('/up/known.pkg'), 0);
  assert.deepEqual(added, [['pull', known.contentArtifactId]]);
  const deferred = await world.unit('deferred.pkg', null, {
    sources: [{ url: `${upstream.url}/up/deferred.pkg`, remote, sha256: sha256('deferred') }],
  });
  upstream.files.set('/up/deferred.pkg', { body: Buffer.from('deferred') });
  assert.equal((await client.get('pull/deferred.pkg')).text, 'deferred');
  for (let tries = 0; tries < 100; tries++) {
    const row = await world.db.row<{ done: boolean }>(
      sql`select artifact_id is not null as done from content_artifact where id = ${deferred.contentArtifactId}`,
    );
    if (row!.done) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail('not saved');
});

test('a body that upstream encodes unasked is decoded, unless its name says that the file is so', async () => {
  const headers = { 'content-encoding': 'gzip' };
  const packed = gzipSync('a page');
  for (const name of ['coded', 'coded.gz']) upstream.files.set(`/up/${name}`, { body: packed, headers });
  assert.equal((await client.get('pull/coded')).text, 'a page');
  assert.ok((await client.get('pull/coded.gz')).body.equals(packed));
});
