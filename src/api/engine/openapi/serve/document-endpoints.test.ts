/** Answers of the document's endpoints: forms, variants, caching. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Answer, RequestContext } from '../../../../plugin-api/contracts/context.ts';
import type { Endpoint } from '../../../endpoints/endpoint.ts';
import { documentEndpoints } from './document-endpoints.ts';

const endpoints: Endpoint[] = documentEndpoints({
  resources: [],
  extras: () => endpoints,
  options: { apiRoot: '/pulp/', domainEnabled: false, versions: { core: '1', file: '2' } },
});

async function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const url = new URL(path, 'http://a.test');
  const endpoint = endpoints.find((one) => `/${one.path}` === url.pathname)!;
  const request = { query: url.searchParams, headers, origin: url.origin } as unknown as RequestContext;
  return await endpoint.handler(request, {}, { values: {}, isForm: false });
}

const text = (answer: Answer) => Buffer.from(answer.body as Uint8Array).toString();

suite('endpoints of the document', () => {
  test('JSON names the server as it was asked', async () => {
    const answer = await get('/docs/api.json');
    assert.equal(answer.headers!['Content-Type'], 'application/vnd.oai.openapi+json');
    assert.equal(answer.headers!['Cache-Control'], 'max-age=8640000');
    const document = JSON.parse(text(answer));
    assert.deepEqual(document.servers, [{ url: 'http://a.test/' }]);
    assert.deepEqual(Object.keys(document.paths), ['/pulp/api/v3/docs/api.json', '/pulp/api/v3/docs/api.yaml']);
  });

  test('is compressed for those who can read that', async () => {
    const plain = await get('/docs/api.json', { 'accept-encoding': 'br, gzip;q=0' });
    const compressed = await get('/docs/api.json', { 'accept-encoding': 'deflate, gzip;q=0.5' });
    assert.equal(compressed.headers!['Content-Encoding'], 'gzip');
    assert.equal(plain.headers!['Content-Encoding'], undefined);
    assert.equal(gunzipSync(compressed.body as Uint8Array).toString(), text(plain));
    assert.notEqual(compressed.headers!.ETag, plain.headers!.ETag);
  });

  test('is not sent again to those who have it', async () => {
    const etag = (await get('/docs/api.json')).headers!.ETag!;
    const again = await get('/docs/api.json', { 'if-none-match': `"other", W/${etag}` });
    assert.equal(again.status, 304);
    assert.equal(again.body, undefined);
    assert.equal((await get('/docs/api.json?bindings', { 'if-none-match': etag })).status, 200);
  });

  test('refuses components that are not there, and the old name of the option', async () => {
    await assert.rejects(get('/docs/api.json?component=nope'), { status: 400 });
    await assert.rejects(get('/docs/api.json?component=toString'), { status: 400 });
    await assert.rejects(get('/docs/api.json?plugin=pulp_file'), { status: 400 });
    assert.equal((await get('/docs/api.json?component=file')).status, 200);
  });

  test('YAML and the page say the same', async () => {
    assert.match(text(await get('/docs/api.yaml')), /^openapi: "3\.0\.1"\ninfo:\n {2}title: Deckle REST API\n/);
    const page = text(await get('/docs/'));
    assert.match(page, /<h2 id="docs-api-json">Docs: Api\.Json<\/h2>/);
    assert.match(page, /<code>\/pulp\/api\/v3\/docs\/api\.yaml<\/code>/);
    assert.doesNotMatch(page, /<script|src=|https?:/);
  });
});
