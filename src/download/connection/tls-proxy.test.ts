/** Tests of certificates and proxies. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  type Certificates,
  impatientClock,
  makeCertificates,
  serve,
  serveProxy,
  serveTls,
  type TestServer,
} from '../../../test/support/upstream-servers.ts';
import { DownloadError } from '../download-error.ts';
import { Downloader } from '../http-downloader.ts';
import type { RemoteSettings } from '../remote-settings.ts';
import { proxyBypass, proxyOf } from './proxy.ts';

let certificates: Certificates;
before(() => {
  certificates = makeCertificates();
});

function tlsServer(requireClient = false): Promise<TestServer> {
  const { ca, serverCert, serverKey } = certificates;
  const client = requireClient ? { ca, requestCert: true, rejectUnauthorized: true } : {};
  return serveTls({ cert: serverCert, key: serverKey, ...client }, (_request, response) => void response.end('secure'));
}

async function get(url: string, settings: Partial<RemoteSettings> = {}, noProxy = ''): Promise<string> {
  const downloader = new Downloader({ url, ...settings }, { clock: impatientClock(), noProxy });
  try {
    return await downloader.download(url, async (_body, response) => response.text());
  } finally {
    await downloader.close();
  }
}

test('an unknown authority is refused, a known one or none needed accepted', async () => {
  await using server = await tlsServer();
  await assert.rejects(get(server.url), (error) => {
    return (
      error instanceof DownloadError &&
      error.failure === 'tls' &&
      /^Cannot connect to host .* ssl:True/.test(error.message)
    );
  });
  assert.equal(await get(server.url, { ca_cert: certificates.ca }), 'secure');
  assert.equal(await get(server.url, { tls_validation: false }), 'secure');
});

test('the host name is checked', async () => {
  await using server = await tlsServer();
  const url = server.url.replace('127.0.0.1', 'localhost');
  await assert.rejects(get(url, { ca_cert: certificates.ca }), { failure: 'tls' });
});

test('client certificates are sent', async () => {
  await using server = await tlsServer(true);
  const { ca, clientCert, clientKey } = certificates;
  await assert.rejects(get(server.url, { ca_cert: ca }), DownloadError);
  assert.equal(await get(server.url, { ca_cert: ca, client_cert: clientCert, client_key: clientKey }), 'secure');
  assert.equal(await get(server.url, { ca_cert: ca, client_cert: clientCert + clientKey }), 'secure');
});

test('unusable certificates are an error before any request', () => {
  assert.throws(() => new Downloader({ url: 'https://127.0.0.1', client_cert: 'nonsense' }), /cannot be used/);
});

test('https goes through a tunnel of the proxy, http is forwarded, both with its credentials', async () => {
  const token = `Basic ${Buffer.from('proxy:p%ss').toString('base64')}`;
  await using proxy = await serveProxy(token);
  await using server = await tlsServer();
  const settings = { proxy_url: proxy.url, proxy_username: 'proxy', proxy_password: 'p%ss', ca_cert: certificates.ca };
  assert.equal(await get(server.url, settings), 'secure');
  assert.deepEqual(proxy.tunnels, [`127.0.0.1:${server.port}`]);
  assert.equal(server.requests[0]?.headers['proxy-authorization'], undefined);
  assert.equal(await get('http://example.invalid/x', settings), 'forwarded http://example.invalid/x');
});

test('wrong proxy credentials are a 407, not retried', async () => {
  await using proxy = await serveProxy('Basic other');
  await using server = await tlsServer();
  for (const url of [server.url, 'http://example.invalid/x']) {
    proxy.tunnels.length = 0;
    proxy.requests.length = 0;
    const text = `407, message='Proxy Authentication Required', url='${url}'`;
    await assert.rejects(get(url, { proxy_url: proxy.url, ca_cert: certificates.ca }), (error) => {
      return error instanceof DownloadError && error.status === 407 && error.message.replace(/\/'$/, "'") === text;
    });
    assert.equal(proxy.tunnels.length + proxy.requests.length, 1);
  }
});

test('a proxy that is not there is an error', async () => {
  await using server = await serve((_request, response) => void response.end('direct'));
  await using secure = await tlsServer();
  for (const { url } of [server, secure]) {
    await assert.rejects(get(url, { proxy_url: 'http://127.0.0.1:1', ca_cert: certificates.ca }), DownloadError);
  }
});

test('NO_PROXY leads past the proxy', async () => {
  await using server = await serve((_request, response) => void response.end('direct'));
  assert.equal(await get(server.url, { proxy_url: 'http://127.0.0.1:1' }, 'a.example, 127.0.0.1'), 'direct');
});

test('rules of NO_PROXY', () => {
  const bypass = proxyBypass('example.org, .internal *.lab:8080,[::1]:80 2001:db8::1');
  const passed = [
    'http://example.org/',
    'https://a.example.org',
    'http://x.internal',
    'http://b.lab:8080',
    'http://[::1]/',
    'https://[2001:db8::1]:8443',
  ];
  const proxied = ['http://badexample.org', 'http://b.lab', 'https://[::1]/', 'http://example.org.evil'];
  for (const url of passed) assert.ok(bypass(new URL(url)), url);
  for (const url of proxied) assert.ok(!bypass(new URL(url)), url);
  assert.ok(proxyBypass('*')(new URL('http://anything')));
  assert.ok(!proxyBypass(undefined)(new URL('http://anything')));
});

test('kinds of proxies that cannot be used are named', () => {
  assert.throws(() => proxyOf({ url: 'http://x', proxy_url: 'socks4://h:1' }), /http, https or socks5, not by socks4/);
  assert.throws(() => proxyOf({ url: 'http://x', proxy_url: 'nonsense' }), /not at what proxy_url says/);
  assert.equal(proxyOf({ url: 'http://x' }), undefined);
});
