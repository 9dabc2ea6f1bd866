/** Tests of the factory: defaults of the server, sharing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeSettings } from '../config/settings.ts';
import { createDownloaderFactory } from './downloader.ts';
import { limitsOf } from './remote-settings.ts';
import { parseRetryAfter, pauseAfter } from './retry.ts';

const remote = { url: 'http://127.0.0.1:1/' };

test('equal settings share one downloader, others do not', async () => {
  const factory = createDownloaderFactory(makeSettings());
  const first = factory.shared(remote);
  assert.equal(factory.shared({ ...remote }), first);
  assert.notEqual(factory.shared({ ...remote, username: 'joe' }), first);
  assert.notEqual(factory.create(remote), first);
  for (let count = 0; count < 70; count++) factory.shared({ url: `http://127.0.0.1:1/${count}` });
  assert.notEqual(factory.shared(remote), first);
  await factory.close();
});

test('defaults of the server fill what a remote leaves open', async () => {
  const remoteDefaults = { proxy_url: 'http://127.0.0.1:3128', proxy_username: 'u', max_retries: 7 };
  const factory = createDownloaderFactory(makeSettings({ remoteDefaults }));
  const filled = factory.create({ ...remote, proxy_url: null }).remote;
  assert.deepEqual([filled.proxy_url, filled.proxy_username, filled.max_retries], ['http://127.0.0.1:3128', 'u', 7]);
  const own = factory.create({ ...remote, proxy_url: 'http://127.0.0.1:1', max_retries: 2 }).remote;
  assert.deepEqual([own.proxy_url, own.proxy_username, own.max_retries], ['http://127.0.0.1:1', undefined, 2]);
});

test('limits', () => {
  assert.deepEqual(limitsOf(remote), {
    concurrency: 10,
    retries: 3,
    rate: undefined,
    totalTimeout: 0,
    connectTimeout: 30_000,
    silenceTimeout: 300_000,
  });
  assert.equal(limitsOf({ ...remote, connect_timeout: 5 }).connectTimeout, 5000);
  assert.equal(limitsOf({ ...remote, sock_connect_timeout: 0 }).connectTimeout, 0);
});

test('pauses double, differ by chance, and heed the server', () => {
  assert.deepEqual(
    [0, 1, 2, 20].map((tried) => pauseAfter(tried, 0)),
    [250, 500, 1000, 30_000],
  );
  assert.equal(pauseAfter(0, 1), 500);
  assert.equal(pauseAfter(0, 0, 9), 9000);
  assert.equal(parseRetryAfter('12'), 12);
  assert.equal(parseRetryAfter('Thu, 01 Jan 1970 00:00:30 GMT', 10_000), 20);
  assert.equal(parseRetryAfter('soon'), undefined);
});
