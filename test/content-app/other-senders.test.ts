/** Files that others send: the proxy in front, or the object store. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { ArtifactStore } from '../../src/storage/artifact-store.ts';
import type { PresignOptions, StorageDriver } from '../../src/storage/drivers/driver.ts';
import { sha256, useWorld, type World } from './world.ts';

const body = randomBytes(200_000);

async function publish(world: World): Promise<void> {
  const repository = await world.repository();
  const units = [await world.unit('dir/file.txt', body), await world.unit('small', 'small')];
  await world.version(repository, units);
  await world.distribution('d', { repository_id: repository.pulpId, pulp_type: 'plain.plain' });
}

test('with X-Accel-Redirect the proxy is told where the file is', async () => {
  const world = await useWorld({ xAccelRedirectPrefix: '/internal/', trustedProxies: ['127.0.0.0/8'] });
  await publish(world);
  const client = await world.serve();
  const answer = await client.get('d/dir/file.txt');
  assert.equal(answer.headers['x-accel-redirect'], `/internal/${world.store.keyOf(sha256(body))}`);
  assert.equal(answer.headers['content-type'], 'text/plain');
  assert.equal(answer.body.length, 0);
  assert.equal((await client.get('d/dir/file.txt', { 'if-none-match': `"${sha256(body)}"` })).status, 304);
});

test('without a trusted proxy in front X-Accel-Redirect would be an empty file: the bytes are sent, with a warning', async () => {
  for (const trustedProxies of [[], ['192.0.2.1']]) {
    const world = await useWorld({ xAccelRedirectPrefix: '/internal/', trustedProxies });
    await publish(world);
    const client = await world.serve();
    const answer = await client.get('d/dir/file.txt');
    assert.equal(answer.headers['x-accel-redirect'], undefined);
    assert.ok(answer.body.equals(body));
    assert.equal((await client.get('d/small')).text, 'small');
    const warnings = world.logged.filter(({ message }) => message.includes('trusted_proxies'));
    assert.deepEqual(
      warnings.map(({ details }) => details),
      [{ address: '127.0.0.1' }],
    );
  }
});

/** A store without local files that signs links, over the files of another. */
function objectStore(world: World, signed: PresignOptions[]): ArtifactStore {
  const { driver } = world.store;
  const remote = new Proxy(driver, {
    get(target, name) {
      if (name === 'localPath') return () => undefined;
      if (name === 'presign') {
        return async (key: string, options: PresignOptions) => {
          signed.push(options);
          return `https://store/${key}?signature`;
        };
      }
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as StorageDriver;
  return new ArtifactStore({ driver: remote, workDirectory: `${world.root}/media/tmp/files` });
}

test('object stores get the client by a signed link unless setting or domain forbid it', async () => {
  const world = await useWorld();
  await publish(world);
  const signed: PresignOptions[] = [];
  const store = objectStore(world, signed);
  Object.assign(world.services, { storage: () => store });
  const client = await world.serve();
  const answer = await client.get('d/dir/file.txt');
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.location, `https://store/${store.keyOf(sha256(body))}?signature`);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.deepEqual([signed[0]?.filename, signed[0]?.contentType], ['file.txt', 'text/plain']);
  const head = await client.head('d/dir/file.txt');
  assert.deepEqual([head.status, head.headers['content-length']], [200, '200000']);
  await world.db.run(sql`update domain set redirect_to_object_storage = false where id = ${world.domain.id}`);
  const streamed = await client.get('d/dir/file.txt');
  assert.ok(streamed.body.equals(body));
  const part = await client.get('d/dir/file.txt', { range: 'bytes=5-9' });
  assert.deepEqual([part.status, part.headers['content-range']], [206, 'bytes 5-9/200000']);
  assert.ok(part.body.equals(body.subarray(5, 10)));
  assert.equal((await client.get('d/small')).text, 'small');
});
