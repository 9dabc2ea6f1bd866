/** A proxy names the root of the API by a header (setting api_root_rewrite_header): URLs, hrefs and references follow it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useApi } from '../support/api.ts';

const HEADER = 'X-API-Root';
const api = await useApi({ apiRootRewriteHeader: HEADER });
const under = (root: string) => ({ headers: { [HEADER]: root } });
let names = 0;
const make = async (path: string, root?: string, more: object = {}) =>
  await api.call('POST', path, { name: `made ${++names}`, ...more }, root === undefined ? {} : under(root));

test('hrefs begin with the root of the request, with or without slashes around it', async () => {
  for (const root of ['/other/place/', 'other/place']) {
    const made = await make('/other/place/api/v3/repositories/file/file/', root);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.match(made.body.pulp_href, /^\/other\/place\/api\/v3\/repositories\/file\/file\/[0-9a-f-]{36}\/$/);
    assert.equal(made.body.versions_href, `${made.body.pulp_href}versions/`);
    const read = await api.call('GET', made.body.pulp_href, undefined, under(root));
    assert.equal(read.body.pulp_href, made.body.pulp_href);
    const usual = await api.call('GET', made.body.pulp_href.replace('/other/place/', '/pulp/'));
    assert.equal(usual.body.pulp_href, made.body.pulp_href.replace('/other/place/', '/pulp/'));
  }
});

test('a root in the URL that is not the one of the header, or of the settings without one, is not found', async () => {
  const path = 'api/v3/repositories/file/file/';
  assert.equal((await api.call('GET', `/other/${path}`)).status, 404);
  assert.equal((await api.call('GET', `/pulp/${path}`, undefined, under('/other/'))).status, 404);
  assert.equal((await api.call('GET', `/other/${path}`, undefined, under('/another/'))).status, 404);
  assert.equal((await api.call('GET', `/pulp/${path}`)).status, 200);
});

test('references are understood under any root', async () => {
  const remote = (await make('remotes/file/file/', undefined, { url: 'http://localhost/PULP_MANIFEST' })).body
    .pulp_href;
  const elsewhere = remote.replace('/pulp/', '/some/where/');
  const made = await make('/else/api/v3/repositories/file/file/', 'else', { remote: elsewhere });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.equal(made.body.remote, remote.replace('/pulp/', '/else/'));
  const task = await api.call('PATCH', made.body.pulp_href, { description: 'x' }, under('else'));
  assert.ok([200, 202].includes(task.status), JSON.stringify(task.body));
  if (task.status === 202) assert.match(task.body.task, /^\/else\/api\/v3\/tasks\//);
});
