/** Through the API of a running server: which distributions serve a unit, and checkpoints that are kept fewer of. */
import assert from 'node:assert/strict';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { upstreamFiles, useExampleUpstream } from '../docs/guide-shell.ts';
import { useRunningServer } from '../support/running-server.ts';

const running = await useRunningServer();

async function upload(repository: string, path: string): Promise<string> {
  const form = new FormData();
  form.set('file', new Blob([path]), path);
  form.set('relative_path', path);
  form.set('repository', repository);
  const { body } = await running.call('POST', 'content/file/files/', form);
  assert.ok(body.task, JSON.stringify(body));
  const { created_resources, error } = await running.ended(body.task);
  assert.equal(error, null);
  return created_resources.find((href) => href.includes('/content/'))!;
}

async function publish(repository: string, more: object = {}): Promise<string> {
  const { created_resources } = await running.run('publications/file/file/', { repository, ...more });
  return created_resources[0]!;
}

let paths = 0;
async function distribute(source: object): Promise<string> {
  const base_path = `served/${++paths}`;
  const { created_resources } = await running.run('distributions/file/file/', {
    name: base_path,
    base_path,
    ...source,
  });
  return created_resources[0]!;
}

test('with_content names the distributions that serve a unit now, not those that could', async () => {
  const { pulp_href: repository } = await running.repository();
  const first = await upload(repository, 'first');
  const publication = await publish(repository);
  const fixed = await distribute({ publication });
  const following = await distribute({ repository });
  const unpublished = await running.repository();
  await running.run(`${unpublished.pulp_href}modify/`, { add_content_units: [first] });
  await distribute({ repository: unpublished.pulp_href });
  const serving = async (unit: string) => {
    const query = `?with_content=${unit}&ordering=pulp_created&fields=pulp_href`;
    const { body: all } = await running.call('GET', `distributions/${query}`);
    const { body: typed } = await running.call('GET', `distributions/file/file/${query}`);
    assert.deepEqual(all.results, typed.results);
    return typed.results.map((one: { pulp_href: string }) => one.pulp_href);
  };
  assert.deepEqual(await serving(first), [fixed, following]);
  const second = await upload(repository, 'second');
  assert.deepEqual(await serving(second), []);
  await publish(repository);
  assert.deepEqual(await serving(second), [following]);
});

test('with a smaller retain_checkpoints older checkpoints become common publications at once', async () => {
  const { pulp_href: repository } = await running.repository();
  const made = [await publish(repository, { checkpoint: true }), await publish(repository, { checkpoint: true })];
  const flags = () => Promise.all(made.map(async (href) => (await running.call('GET', href)).body.checkpoint));
  assert.deepEqual(await flags(), [true, true]);
  const { body } = await running.call('PATCH', repository, { retain_checkpoints: 1 });
  await running.ended(body.task);
  assert.deepEqual(await flags(), [false, true]);
});

test('space that was reclaimed is filled again by the next download, small files in memory notwithstanding', async () => {
  const upstream = await useExampleUpstream();
  const remote = await running.remote(`${upstream}/reclaim/PULP_MANIFEST`);
  const { pulp_href: repository } = await running.repository({ autopublish: true, remote: remote.pulp_href });
  await running.run(`${repository}sync/`);
  await distribute({ repository });
  const download = async () => {
    const response = await running.server.fetch(`/pulp/content/served/${paths}/hello.txt`);
    assert.equal(await response.text(), upstreamFiles['hello.txt']);
  };
  const artifacts = async () =>
    (await running.call('GET', `artifacts/?sha256=${sha256Of(upstreamFiles['hello.txt']!)}`)).body.count;
  await download();
  await download();
  const { state } = await running.run('repositories/reclaim_space/', { repo_hrefs: [repository] });
  assert.deepEqual([state, await artifacts()], ['completed', 0]);
  await download();
  assert.equal(await artifacts(), 1);
});

/** The stored file of some bytes, damaged in place: its size stays. */
function damage(text: string): void {
  const sha256 = sha256Of(text);
  const file = join(running.server.data, 'media', 'artifact', sha256.slice(0, 2), sha256.slice(2));
  const handle = openSync(file, 'r+');
  writeSync(handle, 'BROKEN', 0);
  closeSync(handle);
}

test('a damaged file is served to nobody, and a repair is seen at once', async () => {
  const upstream = await useExampleUpstream();
  const remote = await running.remote(`${upstream}/mended/PULP_MANIFEST`);
  const { pulp_href: repository } = await running.repository({ autopublish: true, remote: remote.pulp_href });
  await running.run(`${repository}sync/`);
  await distribute({ repository });
  const url = `/pulp/content/served/${paths}/hello.txt`;
  const text = upstreamFiles['hello.txt']!;
  const download = async () => {
    const response = await running.server.fetch(url);
    return response.status === 200 ? await response.text() : response.status;
  };
  damage(text);
  assert.equal(await download(), 404);
  await running.run('repair/', { verify_checksums: true });
  assert.equal(await download(), text);
  assert.equal(await download(), text);
});

test('what a repair has put aside is not served from memory', async () => {
  const { pulp_href: repository } = await running.repository({ autopublish: true });
  await upload(repository, 'nowhere-else');
  await distribute({ repository });
  const url = `/pulp/content/served/${paths}/nowhere-else`;
  assert.equal((await running.server.fetch(url)).status, 200);
  damage('nowhere-else');
  await running.run('repair/', { verify_checksums: true });
  assert.equal((await running.server.fetch(url)).status, 404);
  await upload(repository, 'nowhere-else');
  assert.equal(await (await running.server.fetch(url)).text(), 'nowhere-else');
});
