/** Requests that no client should send are answered with 4xx and the reason, in the shapes of the peer, and change nothing. */
import assert from 'node:assert/strict';
import { request as send } from 'node:http';
import { connect } from 'node:net';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { useRunningServer } from '../support/running-server.ts';

const running = await useRunningServer();
const REMOTES = 'remotes/file/file/';
const JSON_TYPE = { 'content-type': 'application/json' };
const before = await running.leftovers();
const repository = await running.repository();
const remote = await running.remote('http://127.0.0.1:9/PULP_MANIFEST');

const malformed: Record<string, [body: string | Uint8Array<ArrayBuffer>, expected: RegExp]> = {
  'JSON that is cut off': ['{"name": "x"', /^JSON parse error - .*line 1 column 13 \(char 12\)$/],
  'a word': ['hello', /^JSON parse error - /],
  'a comma too many': ['{"name": "x",}', /^JSON parse error - /],
  'a number that is none': ['{"name": "x", "max_retries": NaN}', /^JSON parse error - /],
  'other bytes than UTF-8': [Uint8Array.from(Buffer.from('{"name":"\xff"}', 'latin1')), /^JSON parse error - .*UTF-8/],
  'brackets without end': ['['.repeat(100_000), /^JSON parse error - /],
};
for (const [what, [body, expected]] of Object.entries(malformed)) {
  test(`${what} instead of a body`, async () => {
    const response = await running.server.fetch(`/pulp/api/v3/${REMOTES}`, {
      method: 'POST',
      headers: JSON_TYPE,
      body,
    });
    assert.equal(response.status, 400);
    const { detail } = (await response.json()) as { detail: string };
    assert.match(detail, expected);
  });
}

const wrongTypes: [body: unknown, expected: unknown][] = [
  [[], { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }],
  ['"x"', { non_field_errors: ['Invalid data. Expected a dictionary, but got str.'] }],
  ['null', { non_field_errors: ['No data provided'] }],
  [{ name: 'x' }, { url: ['This field is required.'] }],
  [{ name: 'x', url: 'http://x/', bogus: 1 }, { bogus: ['Unexpected field'] }],
  [{ name: null, url: 'http://x/' }, { name: ['This field may not be null.'] }],
  [{ name: [], url: 'http://x/' }, { name: ['Not a valid string.'] }],
  [{ name: true, url: 'http://x/' }, { name: ['Not a valid string.'] }],
  [{ name: ' ', url: 'http://x/' }, { name: ['This field may not be blank.'] }],
  [{ name: 'a\0b', url: 'http://x/' }, { name: ['Null characters are not allowed.'] }],
  ['{"name": "a\\ud800", "url": "http://x/"}', { name: ['Surrogate characters are not allowed: U+D800.'] }],
  [{ name: 'x', url: 'http://x/', policy: 'sometimes' }, { policy: ['"sometimes" is not a valid choice.'] }],
  [{ name: 'x', url: 'http://x/', tls_validation: 'maybe' }, { tls_validation: ['Must be a valid boolean.'] }],
  [{ name: 'x', url: 'http://x/', max_retries: 1.5 }, { max_retries: ['A valid integer is required.'] }],
  [
    { name: 'x', url: 'http://x/', max_retries: -1 },
    { max_retries: ['Ensure this value is greater than or equal to 0.'] },
  ],
  [
    { name: 'x', url: 'http://x/', total_timeout: -1 },
    { total_timeout: ['Ensure this value is greater than or equal to 0.0.'] },
  ],
  [
    { name: 'x', url: 'http://x/', pulp_labels: [1] },
    { pulp_labels: ['Expected a dictionary of items but got type "list".'] },
  ],
  [{ name: 'x', url: 'http://x/', headers: {} }, { headers: ['Expected a list of items but got type "dict".'] }],
];
for (const [body, expected] of wrongTypes) {
  test(`a remote of ${JSON.stringify(body)}`, async () => {
    const reply = await running.call('POST', REMOTES, body, JSON_TYPE);
    assert.deepEqual([reply.status, reply.body], [400, expected]);
  });
}

test('addresses that must not be read, and credentials in them', async () => {
  const refuse = async (url: string, expected: RegExp) => {
    const { status, body } = await running.call('POST', REMOTES, { name: 'address', url });
    assert.equal(status, 400);
    assert.match(body.url[0], expected);
  };
  await refuse('file:///etc/passwd', /not allowed import path/);
  await refuse('file:///tmp/../etc/passwd', /not allowed import path/);
  await refuse('http://user:secret@example.com/', /username or password/);
});

test('unknown objects, versions, paths and methods', async () => {
  const gone = `${remote.pulp_href.slice(0, -37)}01a20401-dc87-7253-a6f1-444a7c8a02a4/`;
  const sync = (body: object) => running.call('POST', `${repository.pulp_href}sync/`, body);
  assert.deepEqual((await sync({ remote: gone })).body, { remote: ['Invalid hyperlink - Object does not exist.'] });
  assert.deepEqual((await sync({ remote: 5 })).body, { remote: ['Invalid hyperlink - No URL match.'] });
  assert.deepEqual((await sync({ remote: remote.pulp_href, mirror: 'x' })).body, {
    mirror: ['Must be a valid boolean.'],
  });
  assert.equal((await running.call('GET', gone)).status, 404);
  assert.equal((await running.call('GET', `${repository.pulp_href}versions/99/`)).status, 404);
  assert.equal((await running.call('GET', 'nothing/of/that/kind/')).status, 404);
  assert.equal((await running.call('DELETE', 'status/')).status, 405);
});

test('content that does not exist is neither added nor removed', async () => {
  const gone = '/pulp/api/v3/content/file/files/01a20401-dc87-7253-a6f1-444a7c8a02a4/';
  for (const units of [[gone], ['x'], [5], 'x']) {
    const { status, body } = await running.call('POST', `${repository.pulp_href}modify/`, { add_content_units: units });
    assert.equal(status, 400, JSON.stringify(body));
  }
  assert.equal(await running.latest(repository), 0);
});

test('paths that lead elsewhere are no base paths, no paths of content and no manifests', async () => {
  const message = (path: string) => [`Relative path is not in canonical form. ${path}`];
  for (const path of ['../x', '/x', 'a/../b', 'a//b', './a', '..', 'a/']) {
    const distribution = await running.call('POST', 'distributions/file/file/', { name: 'p', base_path: path });
    assert.deepEqual([distribution.status, distribution.body], [400, { base_path: message(path) }]);
    for (const way of ['content/file/files/', 'content/file/files/upload/']) {
      const form = new FormData();
      form.set('file', new Blob(['x']), 'x');
      form.set('relative_path', path);
      const content = await running.call('POST', way, form);
      assert.deepEqual([content.status, content.body], [400, { relative_path: message(path) }]);
    }
  }
  const task = await running.run('publications/file/file/', { repository: repository.pulp_href, manifest: '../x' });
  assert.deepEqual([task.state, task.created_resources], ['failed', []]);
  assert.match(task.error!.description, /not in canonical form/);
});

test('filters that mean nothing are refused by name', async () => {
  const list = async (query: string) => await running.call('GET', `repositories/file/file/?${query}`);
  assert.deepEqual((await list('bogus=1')).body, { errors: ["Invalid Filter: 'bogus'"] });
  for (const query of ['ordering=bogus', 'pulp_created__gt=x', 'q=(', 'name=%00', 'pulp_href__in=x']) {
    assert.equal((await list(query)).status, 400, query);
  }
  assert.equal((await running.call('GET', 'content/file/files/?repository_version=x')).status, 400);
});

test('a body that is too large is refused while it comes, and the server goes on', async () => {
  const text = `{"name": "${'x'.repeat(33 * 1024 * 1024)}"}`;
  const large = await running.call('POST', REMOTES, text, JSON_TYPE);
  assert.equal(large.status, 413);
  assert.match(large.body.detail, /larger than 33554432 bytes \(setting max_body_size\)/);
  const form = new FormData();
  form.set('name', text);
  assert.equal((await running.call('POST', REMOTES, form)).status, 413);
  const manyFields = new FormData();
  for (let at = 0; at < 40; at++) manyFields.set(`name${at}`, 'x'.repeat(1024 * 1024));
  assert.equal((await running.call('POST', REMOTES, manyFields)).status, 413);
  assert.equal(await endlessBody(), 413);
});

/** A body without length that never ends; gives the status. */
function endlessBody(): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { port, adminPassword } = running.server;
    const headers = { ...JSON_TYPE, authorization: `Basic ${btoa(`admin:${adminPassword}`)}` };
    const request = send({ host: '127.0.0.1', port, path: `/pulp/api/v3/${REMOTES}`, method: 'POST', headers });
    const more = () => {
      while (!request.destroyed && request.write(' '.repeat(65_536)));
    };
    request.on('drain', more);
    request.on('response', (response) => {
      resolve(response.statusCode);
      request.destroy();
    });
    request.on('error', reject);
    more();
  });
}

test('multipart forms that are broken', async () => {
  const broken = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc';
  const type = (boundary: string) => ({ 'content-type': `multipart/form-data${boundary}` });
  for (const headers of [type('; boundary=b'), type('')]) {
    const { status, body } = await running.call('POST', 'artifacts/', broken, headers);
    assert.equal(status, 400);
    assert.match(body.detail, /^Multipart form parse error - /);
  }
});

test('clients that leave in the middle of a request leave nothing behind', async () => {
  const auth = `Authorization: Basic ${btoa(`admin:${running.server.adminPassword}`)}`;
  const head = `POST /pulp/api/v3/artifacts/ HTTP/1.1\r\nHost: x\r\n${auth}\r\nContent-Length: 10000000\r\n`;
  const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
  const socket = connect(running.server.port, '127.0.0.1');
  socket.write(`${head}Content-Type: multipart/form-data; boundary=b\r\n\r\n${part}${'x'.repeat(3_000_000)}`);
  const deadline = Date.now() + 10_000;
  while (running.temporaryFiles().length === 0 && Date.now() < deadline) await sleep(10);
  assert.notDeepEqual(running.temporaryFiles(), []);
  socket.destroy();
  while (running.temporaryFiles().length > 0 && Date.now() < deadline) await sleep(10);
  assert.deepEqual(running.temporaryFiles(), []);
});

test('after all that nothing was made but what was asked for, and the server is alive without a restart', async () => {
  const after = await running.leftovers();
  // The version 0 of the one repository.
  assert.deepEqual(after, { ...before, rows: { ...before.rows, repository_version: 1 } });
  assert.equal((await running.call('GET', REMOTES)).body.count, 1);
  await running.assertAlive();
  assert.doesNotMatch(running.server.output(), /it is started again|Internal server error/);
});
