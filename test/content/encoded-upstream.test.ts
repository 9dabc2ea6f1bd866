/** Upstreams that encode bodies without being asked to: stores whose objects were put there so, and servers that do it by names. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { sql } from '../../src/db/sql.ts';
import { fetchArtifact } from '../../src/engines/repository/repair/fetch-artifact.ts';
import { fetchUrl } from '../../src/engines/upload/fetch-url.ts';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { manifestOf, useUpstream } from './upstream.ts';
import { entry, useWorld } from './world.ts';

const world = await useWorld();
const upstream = await useUpstream();

/** From now on the path is answered by these bytes with the header. */
function encode(path: string, coding: string, body: Buffer): void {
  upstream.files.set(path, body);
  upstream.behaviours.set(path, (response, bytes) => {
    response.writeHead(200, { 'content-encoding': coding, 'content-length': bytes.length }).end(bytes);
  });
}

for (const [coding, bytes] of [
  ['gzip', gzipSync],
  ['deflate', deflateSync],
] as const) {
  test(`a manifest and files in ${coding}, as the manifest tells them decoded`, async () => {
    const files = { [`${coding}.txt`]: `decoded by ${coding}, `.repeat(50) };
    const url = upstream.publish(coding, files);
    encode(`/${coding}/PULP_MANIFEST`, coding, bytes(Buffer.from(manifestOf(files))));
    for (const [path, text] of Object.entries(files)) encode(`/${coding}/${path}`, coding, bytes(Buffer.from(text)));
    const repository = await world.repository();
    await world.sync(repository, await world.remote(url), { mirror: true });
    assert.deepEqual(
      await world.paths(repository),
      Object.entries(files).map(([path, text]) => entry(path, text)),
    );
  });
}

test('files that are encoded themselves are as the manifest tells them', async () => {
  const packed = gzipSync('a packed text').toString('latin1');
  const url = upstream.publish('apache', { 'a.gz': 'later' }, '');
  const body = Buffer.from(packed, 'latin1');
  upstream.files.set('/apache/PULP_MANIFEST', Buffer.from(`a.gz,${sha256Of(body)},${body.length}\n`));
  encode('/apache/a.gz', 'gzip', body);
  const repository = await world.repository();
  await world.sync(repository, await world.remote(url));
  const row = await world.db.row<{ size: number }>(
    sql`select size from artifact where sha256 = decode(${sha256Of(body)}, 'hex')`,
  );
  assert.equal(row!.size, body.length);
});

test('without anything expected a text is decoded, a packed file is not, and what is not encoded is told', async () => {
  const { context } = world.context();
  const packed = gzipSync('text');
  for (const name of ['plain', 'packed.gz']) encode(`/coded/${name}`, 'gzip', packed);
  const fetched = async (name: string) => {
    const temp = await fetchUrl(context, world.domain, `${upstream.origin}/coded/${name}`, { max_retries: 1 });
    const bytes = readFileSync(temp.path);
    await world.store.discard(temp);
    return bytes;
  };
  assert.equal((await fetched('plain')).toString(), 'text');
  assert.deepEqual(await fetched('packed.gz'), packed);
  encode('/coded/broken', 'gzip', Buffer.from('no gzip at all'));
  await assert.rejects(fetched('broken'), /The body is not encoded as gzip, url='.*\/coded\/broken'/);
  encode('/coded/unknown', 'compress', Buffer.from('as it is'));
  assert.equal((await fetched('unknown')).toString(), 'as it is');
});

test('where only a digest is known both ways are tried, and the one that was right comes first from then on', async () => {
  const { context } = world.context();
  const downloader = context.downloader({ url: upstream.origin, max_retries: 1 });
  const target = { store: world.store, digests: ['sha256'] as const };
  upstream.requests.length = 0;
  for (const name of ['first', 'second']) {
    encode(`/digest/${name}`, 'gzip', gzipSync(name));
    const digests = { sha256: sha256Of(name) };
    const temp = await fetchArtifact(downloader, target, `${upstream.origin}/digest/${name}`, { digests });
    assert.equal(readFileSync(temp.path, 'utf8'), name);
    await world.store.discard(temp);
  }
  assert.deepEqual(upstream.requests, ['/digest/first', '/digest/first', '/digest/second']);
  await downloader.close();
});
