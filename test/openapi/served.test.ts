/** The documents and the index as a client gets them over HTTP, without logging in. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { useApi } from '../support/api.ts';

const api = await useApi();

suite('documents over HTTP', () => {
  test('the index names each list by its path', async () => {
    const { status, body } = await api.call('GET', '', undefined, { as: null });
    assert.equal(status, 200);
    assert.equal(body['repositories/file/file'], `${api.origin}/pulp/api/v3/repositories/file/file/`);
    for (const path of ['tasks', 'artifacts', 'content', 'content/file/files', 'acs/file/file'])
      assert.ok(path in body, path);
    for (const path of ['status', 'repository_versions', 'orphans/cleanup']) assert.ok(!(path in body), path);
    for (const url of Object.values<string>(body)) {
      assert.equal((await api.call('GET', new URL(url).pathname)).status, 200, url);
    }
  });

  test('every list of the document answers', async () => {
    const { body } = await api.call('GET', 'docs/api.json', undefined, { as: null });
    const lists = Object.entries<{ get?: { operationId: string } }>(body.paths).filter(
      ([path, { get }]) => path.startsWith('/') && get?.operationId.endsWith('_list'),
    );
    assert.ok(lists.length > 10);
    for (const [path] of lists) assert.equal((await api.call('GET', path)).status, 200, path);
  });

  test('YAML and the page are there', async () => {
    const yaml = await api.call('GET', 'docs/api.yaml', undefined, {
      as: null,
      headers: { accept: 'application/yaml' },
    });
    assert.equal(yaml.status, 200);
    assert.match(yaml.headers.get('content-type')!, /^application\/vnd\.oai\.openapi;/);
    const page = await api.call('GET', 'docs/', undefined, { as: null, headers: { accept: 'text/html' } });
    assert.equal(page.status, 200);
    assert.match(page.body, /<h1>/);
  });

  test('a document that did not change is not sent again', async () => {
    const first = await api.call('GET', 'docs/api.json?component=file', undefined, { as: null });
    const etag = first.headers.get('etag')!;
    const again = await api.call('GET', 'docs/api.json?component=file', undefined, {
      as: null,
      headers: { 'if-none-match': etag },
    });
    assert.equal(again.status, 304);
    assert.deepEqual(Object.keys(first.body.info['x-pulp-app-versions']).sort(), ['core', 'file']);
  });
});
