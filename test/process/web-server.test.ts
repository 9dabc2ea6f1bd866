/** Tests of a server that ends TLS itself, of allowed hosts, of trusted proxies and of metrics. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request as plain, type RequestOptions } from 'node:http';
import { request as secure } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { makeCertificate } from '../support/certificates.ts';
import { useDatabase } from '../support/database.ts';
import { makeDataDirectory, startServer } from '../support/server.ts';

interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

function ask(send: typeof plain, options: RequestOptions & { body?: string }): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const { body, ...rest } = options;
  const sent = send({ host: '127.0.0.1', ...rest }, (answer) => {
    text(answer).then(
      (said) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: said }),
      reject,
    );
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

const pkcs8 = (key: { export(options: object): string | Buffer }) =>
  key.export({ type: 'pkcs8', format: 'pem' }) as string;

test('TLS ends here: certificates of clients reach content guards, headers of clients do not', async () => {
  const db = await useDatabase();
  const directory = makeDataDirectory();
  const authority = makeCertificate('authority', { authority: true });
  const own = makeCertificate('localhost', { issuer: authority });
  const [client, stranger] = [makeCertificate('client', { issuer: authority }), makeCertificate('stranger')];
  const file = (name: string, content: string) => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  const server = await startServer({
    databaseUrl: db.url,
    settings: {
      tls_certificate: file('server.pem', own.pem),
      tls_key: file('server.key', pkcs8(own.key)),
      tls_client_ca: file('ca.pem', authority.pem),
      admin_password: 'password',
    },
  });
  assert.match(server.url, /^https:/);
  const auth = 'admin:password';
  const trust = { port: server.port, ca: authority.pem, servername: 'localhost', checkServerIdentity: () => undefined };
  const api = async (method: string, path: string, body: object) => {
    const options = {
      ...trust,
      method,
      path,
      auth,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const reply = await ask(secure as typeof plain, options);
    assert.ok(reply.status < 300, reply.body);
    return JSON.parse(reply.body) as Record<string, string>;
  };
  const guard = await api('POST', '/pulp/api/v3/contentguards/certguard/x509/', {
    name: 'g',
    ca_certificate: authority.pem,
  });
  const { task } = await api('POST', '/pulp/api/v3/distributions/file/file/', {
    name: 'guarded',
    base_path: 'guarded',
    content_guard: guard.pulp_href,
  });
  for (let state = 'waiting'; state !== 'completed'; ) {
    ({ state = '' } = JSON.parse((await ask(secure as typeof plain, { ...trust, path: task!, auth })).body));
    assert.notEqual(state, 'failed');
  }
  const path = '/pulp/content/guarded/';
  const visit = (more: object) => ask(secure as typeof plain, { ...trust, path, ...more });
  assert.equal((await visit({})).status, 403);
  assert.equal((await visit({ headers: { 'x-client-cert': encodeURIComponent(client.pem) } })).status, 403);
  assert.equal((await visit({ cert: stranger.pem, key: pkcs8(stranger.key) })).status, 403);
  assert.notEqual((await visit({ cert: client.pem, key: pkcs8(client.key) })).status, 403);
  assert.equal(await server.stop(), 0);
});

test('other hosts are refused, only trusted proxies are believed, metrics are for administrators', async () => {
  const db = await useDatabase();
  const server = await startServer({
    databaseUrl: db.url,
    settings: {
      allowed_hosts: ['packages.example.com', '.inner.example', '127.0.0.1'],
      trusted_proxies: ['127.0.0.1'],
      admin_password: 'password',
    },
  });
  const { port } = server;
  const host = async (name: string) => {
    const { status, body } = await ask(plain, { port, path: '/pulp/api/v3/livez/', headers: { host: name } });
    return [status, body.slice(0, 22)];
  };
  assert.deepEqual(await host('packages.example.com:8080'), [200, '']);
  assert.deepEqual(await host('a.inner.example'), [200, '']);
  assert.deepEqual(await host('evil.example'), [400, '{"detail":"This host n']);

  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'packages.example.com' };
  const list = await ask(plain, {
    port,
    path: '/pulp/api/v3/users/?limit=1&fields=username',
    auth: 'admin:password',
    headers,
  });
  assert.equal(list.status, 200);
  const made = await ask(plain, {
    port,
    method: 'POST',
    path: '/pulp/api/v3/users/',
    auth: 'admin:password',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'other', password: 'quite-a-secret-9' }),
  });
  assert.equal(made.status, 201);
  const paged = await ask(plain, { port, path: '/pulp/api/v3/users/?limit=1', auth: 'admin:password', headers });
  assert.match(JSON.parse(paged.body).next, /^https:\/\/packages\.example\.com\//);

  const metrics = (auth?: string) => ask(plain, { port, path: '/metrics', ...(auth && { auth }) });
  assert.equal((await metrics()).status, 401);
  assert.equal((await metrics('other:quite-a-secret-9')).status, 403);
  const { status, body, headers: answered } = await metrics('admin:password');
  assert.equal(status, 200);
  assert.match(String(answered['content-type']), /^text\/plain; version=0\.0\.4/);
  for (const line of body.trim().split('\n'))
    assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [\d.e+-]+)$/);
  assert.match(body, /^deckle_requests_total\{pid="\d+",method="POST",status="2xx"\} 1$/m);
  assert.match(body, /^deckle_database_up 1$/m);
  assert.match(body, /^deckle_processes\{type="worker",state="online"\} 1$/m);
  assert.equal(await server.stop(), 0);
});

test('metrics have an address of their own, or none at all', async () => {
  const db = await useDatabase();
  const free = await new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
  const server = await startServer({ databaseUrl: db.url, settings: { metrics_bind: `127.0.0.1:${free}` } });
  assert.match((await ask(plain, { port: free, path: '/metrics' })).body, /deckle_tasks_waiting 0/);
  assert.equal((await ask(plain, { port: free, path: '/pulp/api/v3/status/' })).status, 404);
  assert.equal((await server.fetch('/metrics')).status, 404);
  assert.equal(await server.stop(), 0);
  const without = await startServer({ databaseUrl: db.url, data: server.data, settings: { metrics: false } });
  assert.equal((await without.fetch('/metrics')).status, 404);
  assert.equal(await without.stop(), 0);
});
