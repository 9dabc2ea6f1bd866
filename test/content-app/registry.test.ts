/** Files of a registry that wants tokens: on demand, streamed and passed through, with the headers that their requests need. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { KeepPulled, PulledContent } from '../../src/content-app/upstream/pull-through.ts';
import { createDownloaderFactory } from '../../src/download/downloader.ts';
import type { DistributionType } from '../../src/plugin-api/contracts/serve.ts';
import type { ContentType } from '../../src/plugin-api/declare/content.ts';
import { behaviourOf, remoteType } from '../../src/plugin-api/declare/remote-type.ts';
import { bearerChallenge } from '../../src/plugin-api/index.ts';
import { MANIFEST_TYPE, RegistryServer, registryScope } from '../support/registry-server.ts';
import { sha256, useWorld } from './world.ts';

const world = await useWorld();
const server = await RegistryServer.start();
const type = remoteType({
  app: 'file',
  name: 'RegistryRemote',
  type: 'file',
  description: 'Registries.',
  ...bearerChallenge({ scopeOf: registryScope }),
});
const downloaders = createDownloaderFactory(world.services.settings, [behaviourOf(type)], world.services.secrets);
const accept = { Accept: MANIFEST_TYPE };
const pulled: PulledContent[] = [];
const keepPulled: KeepPulled = {
  async save(one) {
    pulled.push(one);
    await world.store.discard(one.temp);
  },
  add: async () => undefined,
};
const distributionType: DistributionType = {
  pulpType: 'plain.plain',
  servesPublications: false,
  locate: async (_services, { settings }, path) => ({ url: `${settings.url}/v2/${path}`, headers: accept }),
  pullThrough: async (path) => ({ type: {} as ContentType, values: {}, artifacts: [{ relativePath: path }] }),
};
const client = await world.serve([distributionType], { keepPulled }, { downloader: downloaders.create });
after(() => server.close());

async function deferred(
  path: string,
  policy: string,
  sources: { url: string; sha256?: string; headers?: Record<string, string> }[],
) {
  const repository = await world.repository();
  const remote = await world.remote(server.url, { policy });
  const unit = await world.unit(path, null, { sources: sources.map((source) => ({ ...source, remote })) });
  await world.version(repository, [unit]);
  await world.distribution(`${policy}-${path}`, { repository_id: repository.pulpId, pulp_type: 'plain.plain' });
  return `${policy}-${path}/${path}`;
}

for (const policy of ['on_demand', 'streamed']) {
  test(`${policy}: a token is got for a blob, and the storage does not see it`, async () => {
    server.revoke();
    server.served.length = 0;
    const blob = Buffer.from(`a blob, ${policy}`);
    server.files.set('team/app/blobs/one', blob);
    const path = await deferred('blob', policy, [{ url: `${server.url}/v2/team/app/blobs/one`, sha256: sha256(blob) }]);
    assert.equal((await client.get(path)).text, blob.toString());
    const storage = server.served.filter(({ host }) => host === 'storage');
    assert.deepEqual(
      storage.map(({ headers }) => headers.authorization),
      [undefined],
    );
    assert.ok(!JSON.stringify(world.logged).includes('token-'));
  });

  test(`${policy}: headers kept with a file are sent for it`, async () => {
    const manifest = Buffer.from(`{"policy":"${policy}"}`);
    server.files.set('team/app/manifests/latest', manifest);
    const url = `${server.url}/v2/team/app/manifests/latest`;
    const path = await deferred('manifest', policy, [{ url, sha256: sha256(manifest), headers: accept }]);
    assert.equal((await client.get(path)).text, manifest.toString());
    const without = await deferred('without', policy, [{ url, sha256: sha256('other') }]);
    assert.notEqual((await client.get(without)).status, 200);
  });
}

test('pull-through: the type says where a path is and with what headers, which are kept with it', async () => {
  server.revoke();
  const manifest = Buffer.from('{"schemaVersion":2}');
  server.files.set('team/app/manifests/latest', manifest);
  const remote = await world.remote(server.url);
  await world.distribution('pull', { pulp_type: 'plain.plain', remote_id: remote });
  const answer = await client.get('pull/team/app/manifests/latest');
  assert.deepEqual([answer.status, answer.text], [200, manifest.toString()]);
  assert.deepEqual(pulled[0]?.content.artifacts[0]?.headers, accept);
});

test('a token service that refuses is no file that does not exist', async () => {
  server.revoke();
  server.answer = { status: 503, body: 'busy' };
  const remote = await world.remote(`${server.url}/`, { policy: 'streamed' });
  await world.distribution('refused', { pulp_type: 'plain.plain', remote_id: remote });
  const { status, text } = await client.get('refused/team/app/blobs/one');
  server.answer = undefined;
  assert.equal(status, 502, text);
});
