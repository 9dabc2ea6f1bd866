/** Guards by client certificate: chains, times, forms of the header, revocation, entitlements of both versions. */
import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { useApi } from '../support/api.ts';
import { makeCertificate, makeRevocationList, octets, utf8 } from '../support/certificates.ts';
import { useContent } from '../support/content.ts';
import { packTree } from './pack-tree.ts';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'deckle-crl-')));
after(() => rmSync(directory, { recursive: true }));
const api = await useApi({ allowedImportPaths: [directory] });
const { call } = api;
const ask = await useContent(api);

const root = makeCertificate('root', { authority: true });
const client = makeCertificate('client', { issuer: root });
const sent = (pem: string) => ({ 'x-client-cert': encodeURIComponent(pem) });

const NOT_SIGNED = "Client certificate is not signed by the stored 'ca_certificate'.";
const NOT_SENT = 'A client certificate was not received via the `X-CLIENT-CERT` header.';
const OTHER_PATH = 'Requested path is not a subpath of a path in the client certificate.';

let made = 0;

/** A distribution behind a guard; answers its path. */
async function guarded(values: Record<string, unknown>, type = 'x509', path = `guarded-${++made}`): Promise<string> {
  const guard = await call('POST', `contentguards/certguard/${type}/`, {
    name: path,
    ca_certificate: root.pem,
    ...values,
  });
  assert.equal(guard.status, 201, JSON.stringify(guard.body));
  const { body } = await call('POST', 'distributions/file/file/', {
    name: path,
    base_path: path,
    content_guard: guard.body.prn,
  });
  assert.equal((await call('GET', body.task)).body.state, 'completed');
  return `${path}/`;
}

async function passes(path: string, headers: Record<string, string>): Promise<void> {
  const { status, text } = await ask(path, headers);
  assert.equal(status, 404, text);
}

async function refuses(path: string, reason: string | RegExp, headers: Record<string, string> = {}): Promise<void> {
  const { status, text } = await ask(path, headers);
  assert.equal(status, 403);
  if (typeof reason === 'string') assert.equal(text, `403: ${reason}`);
  else assert.match(text, reason);
}

suite('trust', () => {
  test('certificates of the authority pass in every form of the header', async () => {
    const path = await guarded({});
    await passes(path, sent(client.pem));
    await passes(path, { 'x-client-cert': client.pem.trim().replaceAll('\n', ' ') });
    await refuses(path, NOT_SENT);
    await refuses(path, /PEM routines/, { 'x-client-cert': 'nonsense' });
    await refuses(path, /PEM routines/, { 'x-client-cert': '' });
  });

  test('others do not', async () => {
    const path = await guarded({});
    const stranger = makeCertificate('stranger', { authority: true });
    await refuses(path, NOT_SIGNED, sent(makeCertificate('x', { issuer: stranger }).pem));
    await refuses(path, 'self-signed certificate', sent(makeCertificate('self').pem));
    const sameName = makeCertificate('root', { authority: true });
    await refuses(path, 'certificate signature failure', sent(makeCertificate('x', { issuer: sameName }).pem));
  });

  test('times count for the client and for authorities', async () => {
    const path = await guarded({});
    await refuses(
      path,
      'Client certificate is expired.',
      sent(makeCertificate('old', { issuer: root, from: -3, to: -1 }).pem),
    );
    await refuses(
      path,
      'certificate is not yet valid',
      sent(makeCertificate('new', { issuer: root, from: 1, to: 2 }).pem),
    );
    const past = makeCertificate('past', { authority: true, from: -3, to: -1 });
    const other = await guarded({ ca_certificate: past.pem });
    await refuses(other, 'Client certificate is expired.', sent(makeCertificate('x', { issuer: past }).pem));
  });

  test('chains go through the bundle to a root; text around the blocks does not matter', async () => {
    const middle = makeCertificate('middle', { issuer: root, authority: 0 });
    const leaf = makeCertificate('leaf', { issuer: middle });
    const bundle = `about the root\n${root.pem}\nabout the one below\n${middle.pem}`;
    const path = await guarded({ ca_certificate: bundle });
    await passes(path, sent(leaf.pem));
    await passes(path, sent(client.pem));
    const lower = makeCertificate('lower', { issuer: middle, authority: true });
    const deep = await guarded({ ca_certificate: bundle + lower.pem });
    await refuses(deep, 'path length constraint exceeded', sent(makeCertificate('x', { issuer: lower }).pem));
    await refuses(await guarded({ ca_certificate: middle.pem }), 'unable to get issuer certificate', sent(leaf.pem));
  });

  test('only authorities can sign, and critical extensions have to be known', async () => {
    const path = await guarded({ ca_certificate: root.pem + client.pem });
    await refuses(path, 'invalid CA certificate', sent(makeCertificate('x', { issuer: client }).pem));
    await refuses(
      path,
      'unhandled critical extension',
      sent(makeCertificate('x', { issuer: root, critical: '1.2.3.4' }).pem),
    );
    const old = makeCertificate('version 1', { version1: true });
    await passes(await guarded({ ca_certificate: old.pem }), sent(makeCertificate('x', { issuer: old }).pem));
  });
});

suite('revocation', () => {
  const bad = makeCertificate('bad', { issuer: root });

  test('certificates on a list of their authority are refused', async () => {
    const path = await guarded({ crl: `${makeRevocationList(root, [])}${makeRevocationList(root, [bad])}` });
    await refuses(path, 'Client certificate is revoked.', sent(bad.pem));
    await passes(path, sent(client.pem));
  });

  test('lists that the authority has not signed count for nothing', async () => {
    const path = await guarded({ crl: makeRevocationList(root, [client], { key: bad.key }) });
    await passes(path, sent(client.pem));
  });

  test('an expired list refuses everybody', async () => {
    const path = await guarded({ crl: makeRevocationList(root, [bad], { to: -0.5 }) });
    await refuses(path, 'The list of revoked certificates is expired.', sent(client.pem));
    await refuses(path, 'Client certificate is revoked.', sent(bad.pem));
  });

  test('a file is read again when it has changed', async () => {
    const file = join(directory, 'revoked.pem');
    writeFileSync(file, makeRevocationList(root, []));
    const path = await guarded({ crl: `file://${file}` });
    await passes(path, sent(bad.pem));
    writeFileSync(file, makeRevocationList(root, [bad]));
    await refuses(path, 'Client certificate is revoked.', sent(bad.pem));
    rmSync(file);
    await refuses(path, 'The list of revoked certificates cannot be read.', sent(client.pem));
  });

  test('what is no list, or lies elsewhere, is refused', async () => {
    for (const crl of ['nonsense', root.pem, 'file:///etc/hostname', `file://${directory}/../hostname`]) {
      const { status, body } = await call('POST', 'contentguards/certguard/x509/', {
        name: 'no-crl',
        ca_certificate: root.pem,
        crl,
      });
      assert.deepEqual([status, Object.keys(body)], [400, ['crl']], crl);
    }
  });

  test('the field is only in answers when it is set', async () => {
    const without = await call('POST', 'contentguards/certguard/rhsm/', { name: 'no-list', ca_certificate: root.pem });
    assert.ok(!('crl' in without.body));
    const list = makeRevocationList(root, []);
    const changed = await call('PATCH', without.body.pulp_href, { crl: list });
    assert.equal(changed.body.crl.trim(), list.trim());
    assert.ok(!('crl' in (await call('PATCH', without.body.pulp_href, { crl: null })).body));
  });
});

suite('entitlements', () => {
  const BASE = '1.3.6.1.4.1.2312.9';
  const listed = (...paths: string[]) =>
    makeCertificate('listed', {
      issuer: root,
      extensions: {
        [`${BASE}.4.1`]: utf8('order'),
        ...Object.fromEntries(paths.map((path, index) => [`${BASE}.2.${index + 1}.1.6`, utf8(path)])),
      },
    });
  const packed = (paths: readonly string[]) =>
    makeCertificate('packed', {
      issuer: root,
      extensions: { [`${BASE}.6`]: utf8('3.4'), [`${BASE}.7`]: octets(packTree(paths, deflateSync)) },
    });

  for (const [form, make] of [
    ['version 1', (paths: string[]) => listed(...paths)],
    ['version 3', packed],
  ] as const) {
    test(`${form}: paths below those of the certificate pass`, async () => {
      const path = await guarded({}, 'rhsm', `content/${form.at(-1)}/dist`);
      const headers = sent(make([`/content/${form.at(-1)}/dist/$release/os`, '/other/a', '/other/b']).pem);
      await passes(`${path}8.1/os`, headers);
      await passes(`${path}8.1/os/any/thing`, headers);
      await passes(`${path}/8.1//os/`, headers);
      await refuses(`${path}8.1/osx`, OTHER_PATH, headers);
      await refuses(`${path}8.1/source`, OTHER_PATH, headers);
      await refuses(path, OTHER_PATH, headers);
    });
  }

  test('version 3 holds many paths with shared parts', async () => {
    const paths = Array.from({ length: 300 }, (_, index) => `/many/${index % 7}/$arch/${index}/os`);
    const path = await guarded({}, 'rhsm', 'many');
    const headers = sent(packed(paths).pem);
    for (const index of [0, 1, 6, 7, 150, 299]) await passes(`${path}${index % 7}/x86/${index}/os`, headers);
    await refuses(`${path}1/x86/2/os`, OTHER_PATH, headers);
    await refuses(`${path}0/x86/300/os`, OTHER_PATH, headers);
  });

  test('a certificate without entitlement, or with a damaged one, opens nothing', async () => {
    const path = await guarded({}, 'rhsm');
    await refuses(path, OTHER_PATH, sent(client.pem));
    const damaged = { [`${BASE}.6`]: utf8('3.0'), [`${BASE}.7`]: octets(Buffer.from('no zlib')) };
    await refuses(path, OTHER_PATH, sent(makeCertificate('x', { issuer: root, extensions: damaged }).pem));
    await refuses(path, NOT_SENT);
  });
});

test('a guard needs a certificate', async () => {
  for (const ca_certificate of ['x', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----']) {
    const { status, body } = await call('POST', 'contentguards/certguard/x509/', { name: 'none', ca_certificate });
    assert.deepEqual([status, body], [400, { ca_certificate: ['Must be PEM encoded X.509 certificate.'] }]);
  }
});
