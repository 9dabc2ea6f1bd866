/** Syncs from a registry that wants tokens: heads, conditions, headers that are kept with what is fetched later, and mirrors. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { contentTasks } from '../../src/app/program/content-task-functions.ts';
import { composeProgram } from '../../src/app/program/program.ts';
import { sql } from '../../src/db/sql.ts';
import { createDownloaderFactory } from '../../src/download/downloader.ts';
import { digestsOf } from '../../src/lib/crypto/digest.ts';
import type { DeclaredContent } from '../../src/plugin-api/contracts/declared-content.ts';
import type { SyncContext } from '../../src/plugin-api/contracts/sync.ts';
import { bearerChallenge } from '../../src/plugin-api/index.ts';
import { fileContent } from '../../src/plugins/file/content.ts';
import { filePlugin } from '../../src/plugins/file/plugin.ts';
import { fileRepository } from '../../src/plugins/file/resources.ts';
import { MANIFEST_TYPE, RegistryServer, registryScope } from '../support/registry-server.ts';
import { serve } from '../support/upstream-servers.ts';
import { SYNC, useWorld } from './world.ts';

const world = await useWorld();
const server = await RegistryServer.start();
after(() => server.close());
const type = { pulpType: 'file.file', ...bearerChallenge({ scopeOf: registryScope }) };
const downloaders = createDownloaderFactory(world.settings, [type]);
const files = { 'team/app/manifests/latest': '{"layers":1}', 'team/app/blobs/one': 'a blob' };
for (const [path, text] of Object.entries(files)) server.files.set(path, Buffer.from(text));

/** A type of repositories whose syncs do what a test says. */
let opens: (context: SyncContext) => Promise<DeclaredContent[]>;
const plugin = {
  ...filePlugin,
  repositories: [{ ...fileRepository, sync: { ...fileRepository.sync!, open } }],
};
async function open(context: SyncContext) {
  const units = await opens(context);
  return {
    units: (async function* () {
      yield units;
    })(),
  };
}
const sync = contentTasks(composeProgram([plugin])).find(({ name }) => name === SYNC)!;

async function run(url: string, work: typeof opens, policy = 'immediate') {
  opens = work;
  const repository = await world.repository();
  const remote = await world.remote(url, policy);
  const context = { ...world.context().context, downloader: downloaders.create };
  await sync.run(context, { repository: repository.pulpId, remote });
  return { repository, remote };
}

function unit(path: string, text: string, more: object): DeclaredContent {
  const { sha256 } = digestsOf(Buffer.from(text), ['sha256']);
  const artifact = { relativePath: path, digests: { sha256: sha256! }, ...more };
  return { type: fileContent, values: { relative_path: path, digest: sha256 }, artifacts: [artifact] };
}

test('a head tells the digest, the file comes with its headers, and units are fetched by the same token', async () => {
  const url = `${server.url}/v2/team/app/manifests/latest`;
  const headers = { Accept: MANIFEST_TYPE };
  const { repository } = await run(server.url, async (context) => {
    const head = await context.head(url, headers);
    assert.deepEqual([head.status, head.header('Docker-Content-Digest')], [200, 'sha256:of-the-manifest']);
    assert.equal((await context.head(url)).status, 404);
    const file = await context.fetch(url, { headers });
    assert.equal(readFileSync(file.path, 'utf8'), files['team/app/manifests/latest']);
    assert.equal(file.header('content-type'), MANIFEST_TYPE);
    return Object.entries(files).map(([path, text]) => unit(path, text, { url: `${server.url}/v2/${path}`, headers }));
  });
  assert.equal((await world.paths(repository)).length, 2);
  assert.equal(server.asked.length, 1);
});

test('headers of a file that is fetched later are kept and renewed', async () => {
  const path = 'team/app/manifests/latest';
  const later = { url: `${server.url}/v2/${path}`, headers: { Accept: MANIFEST_TYPE }, deferred: true };
  const text = '{"layers":2}';
  const { remote } = await run(server.url, async () => [unit(path, text, later)], 'on_demand');
  const kept = () => world.db.rows(sql`select headers from remote_artifact where remote_id = ${remote}`);
  assert.deepEqual(await kept(), [{ headers: { Accept: MANIFEST_TYPE } }]);
  // A later sync renews them, also where the unit was there before.
  opens = async () => [unit(path, text, { ...later, headers: { Accept: 'text/plain' } })];
  const repository = await world.repository();
  const context = { ...world.context().context, downloader: downloaders.create };
  await sync.run(context, { repository: repository.pulpId, remote });
  assert.deepEqual(await kept(), [{ headers: { Accept: 'text/plain' } }]);
});

test('a repair fetches with the headers of a file, and with a token', async () => {
  const text = files['team/app/manifests/latest'];
  const key = world.store.keyOf(digestsOf(Buffer.from(text), ['sha256']).sha256!);
  await world.store.driver.remove(key);
  server.revoke();
  const repair = 'pulpcore.app.tasks.repository.repair_all_artifacts';
  const { reports } = await world.run(repair, {}, undefined, { downloader: downloaders.create });
  assert.equal(reports.find(({ code }) => code === 'repair.repaired')?.done, 1);
  assert.equal((await world.store.driver.stat(key))?.size, text.length);
});

test('what has not changed is not fetched', async () => {
  const conditional = await serve((request, response) => {
    const same = request.headers['if-none-match'] === '"v1"' || request.headers['if-modified-since'] === 'yesterday';
    response.writeHead(same ? 304 : 200, { ETag: '"v1"' }).end(same ? undefined : 'index');
  });
  await run(conditional.url, async (context) => {
    const file = await context.fetch(conditional.url);
    assert.equal(await context.fetchChanged(conditional.url, { etag: file.header('etag') }), undefined);
    assert.equal(await context.fetchChanged(conditional.url, { lastModified: 'yesterday' }), undefined);
    const changed = await context.fetchChanged(conditional.url, { etag: '"v0"', lastModified: 'yesterday' });
    assert.equal(readFileSync(changed!.path, 'utf8'), 'index');
    assert.equal(readFileSync((await context.fetchChanged(conditional.url, {}))!.path, 'utf8'), 'index');
    return [];
  });
  assert.equal(conditional.requests.length, 5);
  await conditional[Symbol.asyncDispose]();
});

test('where a mirror fails the next is tried, and the failed one comes last from then on', async () => {
  const broken = await serve((_request, response) => response.writeHead(404).end());
  const good = await serve((request, response) => response.end(request.url));
  const places = (path: string) => [`${broken.url}${path}`, `${good.url}${path}`];
  const { repository } = await run(broken.url, async (context) => {
    const file = await context.fetch(places('/index'));
    assert.deepEqual([readFileSync(file.path, 'utf8'), file.url], ['/index', `${good.url}/index`]);
    await assert.rejects(
      context.fetch([`${broken.url}/a`, `${broken.url}/b`]),
      /404, message='Not Found', url='.*\/b'/,
    );
    return ['/a', '/b'].map((path) => {
      const [url, ...mirrors] = places(path);
      return unit(path.slice(1), path, { url, mirrors });
    });
  });
  assert.equal((await world.paths(repository)).length, 2);
  assert.deepEqual(
    broken.requests.map(({ url }) => url),
    ['/index', '/a', '/b'],
  );
  for (const one of [broken, good]) await one[Symbol.asyncDispose]();
});
