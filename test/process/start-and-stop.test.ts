/** Tests of a server's life: start, second start, orderly stop, refused starts, two side by side. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { allGone } from '../support/processes.ts';
import { makeDataDirectory, spawnServer, startServer } from '../support/server.ts';

const livez = '/pulp/api/v3/livez/';

async function refusedStart(options: Parameters<typeof spawnServer>[0]): Promise<string> {
  const { child, output } = spawnServer(options);
  const [code] = await once(child, 'close');
  assert.equal(code, 1, output());
  return output();
}

test('a server starts, answers, stops on Ctrl-C without a trace, and starts again quickly', async () => {
  const data = makeDataDirectory();
  const first = await startServer({ data });
  assert.equal((await first.fetch(livez)).status, 200);
  assert.match(first.output(), /pulp config create --base-url http:\/\/127\.0\.0\.1:\d+ /);
  assert.ok(first.adminPassword.length >= 12);
  const processes = first.processes();
  assert.ok(processes.length >= 5, `only ${processes.length} processes`);
  assert.equal(await first.stop('SIGINT'), 0);
  assert.deepEqual(await allGone(processes, 1_000), []);
  assert.equal(existsSync(join(data, 'deckle.lock')), false);
  assert.equal(existsSync(join(data, 'postgres', 'postmaster.pid')), false);

  const before = Date.now();
  const second = await startServer({ data });
  assert.ok(Date.now() - before < 5_000, `the second start took ${Date.now() - before} ms`);
  assert.equal(second.adminPassword, first.adminPassword);
  assert.equal((await second.fetch(livez)).status, 200);
  assert.equal(await second.stop('SIGTERM'), 0);
});

test('two servers run side by side, a second one on the same data directory is refused', async () => {
  const [one, two] = await Promise.all([startServer(), startServer()]);
  assert.equal((await one.fetch(livez)).status, 200);
  assert.equal((await two.fetch(livez)).status, 200);
  const words = await refusedStart({ data: one.data });
  assert.match(words, /data directory .* is in use by process \d+/);
  assert.equal((await one.fetch(livez)).status, 200);
  await Promise.all([one.stop(), two.stop()]);
});

test('a port in use is told before anything is started', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const data = makeDataDirectory();
  const words = await refusedStart({ data, settings: { bind: `127.0.0.1:${port}` } });
  assert.match(words, new RegExp(`Port ${port} on 127.0.0.1 is used by another program`));
  assert.equal(existsSync(join(data, 'postgres')), false);
  other.close();
});

test('wrong settings are told in words', async () => {
  const words = await refusedStart({ data: makeDataDirectory(), settings: { api_root: '/pulp', worker_ttl: 'soon' } });
  assert.equal(words, 'Setting option --worker-ttl must be a whole number, not "soon"\n');
});

test('several web processes share one port', async () => {
  const server = await startServer({ settings: { web: 2 } });
  const answers = await Promise.all(Array.from({ length: 20 }, () => server.fetch(livez)));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal(await server.stop(), 0);
});
