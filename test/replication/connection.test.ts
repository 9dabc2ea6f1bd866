/** How an upstream is reached: TLS both ways, an authenticating proxy, headers and credentials, for its API as for its content. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { der, type MadeCertificate, makeCertificate } from '../support/certificates.ts';
import { makeDataDirectory } from '../support/server.ts';
import { type Json, startPeer } from './servers.ts';

const LOOPBACK = { '2.5.29.17': der(0x30, der(0x87, Buffer.from([127, 0, 0, 1]))) };
const keyOf = ({ key }: MadeCertificate) => key.export({ type: 'pkcs8', format: 'pem' }) as string;

interface Proxy {
  readonly url: string;
  /** Ways that were opened with the right credentials, and tries without. */
  readonly opened: string[];
  readonly refused: string[];
}

/** Tunnels to whom it is given the right name and password for. */
async function startProxy(username: string, password: string): Promise<Proxy> {
  const [opened, refused]: [string[], string[]] = [[], []];
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    refused.push(request.url!);
    response.writeHead(405).end();
  });
  server.on('connect', (request, socket) => {
    if (request.headers['proxy-authorization'] !== expected) {
      refused.push(request.url!);
      return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n');
    }
    opened.push(request.url!);
    const [host, port] = request.url!.split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const one of [onward, socket]) one.on('error', () => [onward, socket].forEach((end) => void end.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, opened, refused };
}

test('TLS with client certificates, a proxy with a password and guards of every kind', {
  timeout: 240_000,
}, async (t) => {
  const authority = makeCertificate('authority', { authority: true });
  const own = makeCertificate('127.0.0.1', { issuer: authority, extensions: LOOPBACK });
  const [client, stranger] = [makeCertificate('replica', { issuer: authority }), makeCertificate('stranger')];
  const roots = getCACertificates('default');
  setDefaultCACertificates([...roots, authority.pem]);
  const directory = makeDataDirectory();
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const tls = {
    tls_certificate: file('server.pem', own.pem),
    tls_key: file('server.key', keyOf(own)),
    tls_client_ca: file('ca.pem', authority.pem),
  };
  const [upstream, replica, proxy] = await Promise.all([
    startPeer({ settings: tls }),
    startPeer({ settings: { workers: 2 } }),
    startProxy('porter', 'sesame'),
  ]);
  assert.match(upstream.server.url, /^https:/);
  const guards = {
    rbac: await upstream.make('contentguards/core/rbac/', { name: 'members' }),
    header: await upstream.make('contentguards/core/header/', {
      name: 'token',
      header_name: 'X-Token',
      header_value: 'abc',
    }),
    x509: await upstream.make('contentguards/certguard/x509/', { name: 'certified', ca_certificate: authority.pem }),
  };
  for (const [name, guard] of Object.entries(guards)) {
    await upstream.serve(name, { f: `behind ${name}` }, { content_guard: guard.pulp_href });
    assert.equal((await fetch(`${upstream.server.url}/pulp/content/${name}/f`)).status, 403, name);
  }
  const good = {
    ca_cert: authority.pem,
    client_cert: client.pem,
    client_key: keyOf(client),
    // The guard wants it encoded.
    headers: [{ 'X-Token': Buffer.from('abc').toString('base64') }],
    proxy_url: proxy.url,
    proxy_username: 'porter',
    proxy_password: 'sesame',
    max_retries: 0,
  };

  const bad: [string, object, RegExp][] = [
    ['an authority that did not sign', { ca_cert: stranger.pem }, /PLP0014.*(certificate|signature|issuer)/i],
    ['a wrong proxy password', { proxy_password: 'wrong' }, /PLP0014.*(407|[Pp]roxy)/],
    ['a wrong password', { password: 'wrong' }, /PLP0014.*401/],
    [
      'no client certificate',
      { client_cert: null, client_key: null },
      /distribution 'x509' of upstream '[^']+': .*403/,
    ],
    ['no header', { headers: [] }, /distribution 'header' of upstream '[^']+': .*403/],
  ];
  for (const [at, [what, change, expected]] of bad.entries()) {
    await t.test(`${what} is told`, async () => {
      const href = await replica.upstream(upstream, { name: `bad ${at}`, ...good, ...change, owner_key: 'same' });
      const result = await replica.replicate(href);
      assert.equal(result.state, 'failed');
      assert.match(result.errors.join('\n'), expected);
      assert.deepEqual(await replica.names(), []);
      assert.ok(!JSON.stringify(result).includes('sesame'), 'no secret is told');
    });
  }

  for (const policy of ['on_demand', 'immediate', 'streamed']) {
    await t.test(`all of it together opens everything (${policy})`, async () => {
      const href = await replica.upstream(upstream, {
        name: policy,
        ...good,
        remote_policy: policy,
        owner_key: 'same',
      });
      proxy.opened.length = 0;
      proxy.refused.length = 0;
      assert.deepEqual((await replica.replicate(href)).errors, []);
      for (const name of Object.keys(guards)) assert.equal(await replica.read(`${name}/f`), `behind ${name}`);
      assert.ok(proxy.opened.length > 0);
      assert.ok(proxy.opened.every((way) => way === `127.0.0.1:${upstream.server.port}`));
      assert.deepEqual(proxy.refused, []);
      const remotes: Json[] = (await replica.get('remotes/file/file/')).results;
      assert.equal(remotes.length, 3);
      for (const remote of remotes) {
        assert.deepEqual([remote.ca_cert, remote.client_cert], [authority.pem, client.pem]);
        assert.deepEqual([remote.proxy_url, remote.policy, remote.headers], [proxy.url, policy, good.headers]);
        const set = remote.hidden_fields.filter((one: Json) => one.is_set).map((one: Json) => one.name);
        assert.deepEqual(set.sort(), ['client_key', 'password', 'proxy_password', 'proxy_username', 'username']);
      }
    });
  }

  await t.test('without validation a server that nobody vouches for is believed, when that is asked for', async () => {
    const href = await replica.upstream(upstream, { name: 'trusting', ...good, ca_cert: null, owner_key: 'same' });
    assert.match((await replica.replicate(href)).errors.join(), /PLP0014/);
    await replica.change(href, { tls_validation: false });
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.equal((await replica.get('remotes/file/file/')).results[0].tls_validation, false);
  });
});
