/** Values of remotes that could only fail in each sync later are refused when they are given. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { useApi } from '../support/api.ts';

const api = await useApi({ allowedImportPaths: ['/tmp'] });
let made = 0;
const post = (values: object) =>
  api.call('POST', 'remotes/file/file/', { name: `remote-${++made}`, url: 'http://example.com/', ...values });

test('headers that cannot be sent', async () => {
  for (const headers of [{ 'a b': 'x' }, { '': 'x' }, { a: 'b\nc' }, { a: null }, { 'Transfer-Encoding': 'chunked' }]) {
    const { status, body } = await post({ headers: [{ 'X-Fine': '1' }, headers] });
    assert.equal(status, 400, JSON.stringify(headers));
    assert.deepEqual(Object.keys(body), ['headers']);
    assert.match(body.headers[1][0], /header/);
  }
  const { status, body } = await post({ headers: [{ 'X-Fine': '1' }, { 'User-Agent': 'mine/1' }, { Cookie: '' }] });
  assert.equal(status, 201, JSON.stringify(body));
  const changed = await api.call('PATCH', body.pulp_href, { headers: [{ 'a\r\nb': 'c' }] });
  assert.equal(changed.status, 400);
});

test('a rate below 0', async () => {
  const { status, body } = await post({ rate_limit: -1 });
  assert.deepEqual([status, body], [400, { rate_limit: ['Ensure this value is greater than or equal to 0.'] }]);
  for (const rate of [0, 1, null]) assert.equal((await post({ rate_limit: rate })).status, 201);
});

test('file URLs with escapes that are none', async () => {
  for (const url of ['file:///tmp/100%/PULP_MANIFEST', 'file:///tmp/%E4/PULP_MANIFEST']) {
    const { status, body } = await post({ url });
    assert.equal(status, 201, JSON.stringify(body));
  }
  assert.equal((await post({ url: 'file:///tmp/%E4/../../etc/x' })).status, 400);
  assert.equal((await post({ url: 'file:///tmp/%2e%2e/etc/100%' })).status, 400);
});
