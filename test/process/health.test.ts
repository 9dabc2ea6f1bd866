/** Tests of what watches processes: liveness, readiness, metrics of each kind, OpenTelemetry. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { freePort, until, useCluster } from '../failure/cluster.ts';

const c = await useCluster({}, { ownPostgres: true });

async function textOf(url: string, as?: string): Promise<{ status: number; text: string }> {
  const headers = as ? { authorization: `Basic ${Buffer.from(as).toString('base64')}` } : {};
  const response = await fetch(url, { headers });
  return { status: response.status, text: await response.text() };
}

const figure = (text: string, sample: RegExp) => Number(new RegExp(`^${sample.source} (\\S+)$`, 'm').exec(text)?.[1]);

test('metrics tell of requests by route, of the queue, the pool, the storage and the process', async () => {
  const api = await c.start('api');
  assert.equal((await textOf(`${api.url}/metrics`)).status, 401);
  await api.call('POST', 'repositories/file/file/', { name: 'measured' });
  await api.get('repositories/file/file/');
  await api.get('repositories/file/file/');
  await c.dispatch('dummy_task', {}, ['m']);
  await c.dispatch('dummy_task', {}, ['m']);
  const { status, text } = await textOf(`${api.url}/metrics`, 'admin:password');
  assert.equal(status, 200);
  const route =
    /deckle_request_seconds_count\{face="api",method="GET",status="2xx",route="repositories\/file\/file\/",pid="\d+"\}/;
  assert.equal(figure(text, route), 2, text);
  assert.equal(figure(text, /deckle_tasks_waiting/), 2);
  assert.equal(figure(text, /deckle_tasks_unblocked/), 1);
  assert.ok(figure(text, /deckle_tasks_oldest_ready_seconds/) > 0);
  assert.equal(figure(text, /deckle_processes\{type="api",state="online"\}/), 1);
  assert.ok(figure(text, /deckle_database_connections\{pid="\d+",state="open"\}/) > 0);
  assert.ok(figure(text, /deckle_storage_bytes\{kind="total"\}/) > 0);
  assert.ok(figure(text, /deckle_process_resident_bytes\{pid="\d+"\}/) > 0);
  assert.ok(figure(text, /deckle_events_total/) >= 0);
  await api.stop();
});

test('readiness of each kind of process, with and without the database', async () => {
  const port = await freePort();
  const [api, content] = [await c.start('api'), await c.start('content')];
  const worker = await c.start('worker', { 'metrics-bind': `127.0.0.1:${port}` });
  const urls = [api.url, content.url, `http://127.0.0.1:${port}`];
  for (const url of urls) {
    assert.equal((await textOf(`${url}/livez/`)).status, 200);
    assert.deepEqual(JSON.parse((await textOf(`${url}/readyz/`)).text), { database: true, storage: true, lease: true });
  }
  assert.match(
    (await textOf(`http://127.0.0.1:${port}/metrics`)).text,
    /^deckle_processes\{type="worker",state="online"\} 1$/m,
  );
  await c.postgres!.stop();
  for (const url of urls) {
    await until('it is not ready', async () => (await textOf(`${url}/readyz/`)).status === 503);
    assert.equal((await textOf(`${url}/livez/`)).status, 200);
  }
  assert.match((await textOf(`http://127.0.0.1:${port}/metrics`)).text, /^deckle_database_up 0$/m);
  await c.postgres!.start();
  for (const url of urls) await until('it is ready again', async () => (await textOf(`${url}/readyz/`)).status === 200);
  await Promise.all([api, content, worker].map((member) => member.stop()));
});

test('OpenTelemetry by setting, under the names of the peer', async () => {
  const received: string[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    if (request.url === '/v1/metrics' && request.headers['x-key'] === 'a b') received.push(text);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  after(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  Object.assign(process.env, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b',
    OTEL_METRIC_EXPORT_INTERVAL: '300',
  });
  const [api, worker] = [await c.start('api', {}, ['--otel-enabled']), await c.start('worker', {}, ['--otel-enabled'])];
  await api.get('repositories/file/file/');
  const all = () => received.join('\n');
  await until('metrics of requests', () => /"name":"api\.request_duration"/.test(all()));
  await until('metrics of the queue', () => /"name":"tasks_unblocked_queue"/.test(all()));
  assert.match(all(), /"tasks_longest_unblocked_time"/);
  assert.match(all(), /"key":"http\.target","value":\{"stringValue":"repositories\/file\/file\/"\}/);
  await Promise.all([api.stop(), worker.stop()]);
});
