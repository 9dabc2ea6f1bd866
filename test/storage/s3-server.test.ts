/** Tests of a server that keeps its artifacts in an object store: redirects, backups, the move from and to the file system. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { get, post, uploadArtifact } from '../backup/files.ts';
import { useUpstream } from '../content/upstream.ts';
import { runCommand } from '../support/command.ts';
import { useObjectStore } from '../support/object-store.ts';
import { makeDataDirectory, startServer, type TestServer } from '../support/server.ts';

const store = await useObjectStore(['serving', 'moving']);
const content = '/pulp/content/';

/** A published file in a distribution; answers its path. */
async function publish(server: TestServer, name: string, body: string): Promise<string> {
  const sha256 = await uploadArtifact(server, body);
  const { results } = await get(server, `artifacts/?sha256=${sha256}`);
  const repository = await post(server, 'repositories/file/file/', { name, autopublish: true });
  const form = { artifact: results[0].pulp_href, relative_path: 'dir/file.txt', repository: repository.pulp_href };
  await finished(server, (await post(server, 'content/file/files/', form)).task!);
  const distribution = { name, base_path: name, repository: repository.pulp_href };
  await finished(server, (await post(server, 'distributions/file/file/', distribution)).task!);
  return `${content}${name}/dir/file.txt`;
}

async function finished(server: TestServer, task: string): Promise<void> {
  for (;;) {
    const { state, error } = await get(server, task);
    if (state === 'completed') return;
    assert.ok(['waiting', 'running'].includes(state), JSON.stringify(error));
    await sleep(50);
  }
}

test('a store that is away is told as such, not as the database', async () => {
  const server = await startServer({ settings: { ...store.settings('serving'), s3_endpoint: 'http://127.0.0.1:1' } });
  const form = new FormData();
  form.append('file', new Blob(['bytes']), 'body');
  const answer = await server.fetch('/pulp/api/v3/artifacts/', { method: 'POST', body: form });
  assert.equal(answer.status, 503);
  assert.deepEqual(await answer.json(), { detail: 'The storage is not available at the moment.' });
  assert.ok(answer.headers.get('retry-after'));
  const upload = await post(server, 'uploads/', { size: 5 });
  const chunk = new FormData();
  chunk.append('file', new Blob(['bytes']), 'chunk');
  const headers = { 'content-range': 'bytes 0-4/*' };
  const put = await server.fetch(upload.pulp_href!, { method: 'PUT', body: chunk, headers });
  assert.equal(put.status, 503, await put.text());
  const upstream = await useUpstream();
  const remote = await post(server, 'remotes/file/file/', { name: 'r', url: upstream.publish('d', { 'a.txt': 'a' }) });
  const repository = await post(server, 'repositories/file/file/', { name: 'r', remote: remote.pulp_href! });
  const { task } = await post(server, `${repository.pulp_href}sync/`.replace('/pulp/api/v3/', ''), {});
  for (;;) {
    const { state, error } = await get(server, task!);
    if (state === 'failed') {
      assert.deepEqual(error, { reason: 'The storage was not available.' });
      break;
    }
    assert.ok(['waiting', 'running'].includes(state), state);
    await sleep(50);
  }
  await server.stop();
});

test('content is redirected to the object store; HEAD and servers that shall not redirect answer themselves', async () => {
  const settings = store.settings('serving');
  const server = await startServer({ settings });
  const path = await publish(server, 'redirected', 'bytes in the store');
  const answer = await server.fetch(path, { redirect: 'manual' });
  assert.equal(answer.status, 302);
  const location = answer.headers.get('location') ?? '';
  assert.ok(location.startsWith(store.endpoint), location);
  assert.equal(await (await fetch(location)).text(), 'bytes in the store');
  const head = await server.fetch(path, { method: 'HEAD', redirect: 'manual' });
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '18']);
  const status = await get(server, 'status/');
  assert.equal(status.storage, null);
  assert.deepEqual(globSync('artifact/**', { cwd: `${server.data}/media` }), []);

  const to = makeDataDirectory();
  const flags = Object.entries(settings).map(([name, value]) => `--${name.replaceAll('_', '-')}=${value}`);
  const made = await runCommand(['backup', '--data', server.data, '--to', to, ...flags]);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /Files: \d+ \(.*\), 0 linked, \d+ copied/);
  assert.equal((await runCommand(['backup', 'verify', to])).code, 0);
  const listed = makeDataDirectory();
  const kept = await runCommand(['backup', '--data', server.data, '--to', listed, '--files-stay', ...flags]);
  assert.match(kept.stdout, /stay in the storage, the backup lists them/);
  assert.equal(await server.stop(), 0);

  const direct = await startServer({ data: server.data, settings: { ...settings, redirect_to_object_storage: false } });
  const part = await direct.fetch(path, { headers: { range: 'bytes=6-7' }, redirect: 'manual' });
  assert.deepEqual([part.status, await part.text()], [206, 'in']);
  assert.equal(await direct.stop(), 0);

  // From the copies into a file system, and by the list over the same bucket.
  const local = makeDataDirectory();
  assert.equal((await runCommand(['restore', '--data', local, '--from', to])).code, 0);
  const again = await startServer({ data: local });
  assert.equal(await (await again.fetch(path)).text(), 'bytes in the store');
  assert.equal(await again.stop(), 0);
  const same = await runCommand(['restore', '--data', makeDataDirectory(), '--from', listed, ...flags]);
  assert.equal(same.code, 0, same.stderr);
  assert.match(same.stdout, /Files: 0 brought back, [1-9]\d* were there/);
});

test('artifacts move into the object store and back while the server answers', async () => {
  const s3 = store.settings('moving');
  const flags = (settings: Record<string, string>) =>
    Object.entries(settings).map(([name, value]) => `--${name.replaceAll('_', '-')}=${value}`);
  const first = await startServer();
  const path = await publish(first, 'moved', 'bytes that move');
  assert.equal(await first.stop(), 0);

  const between = { ...s3, storage_former: 'filesystem' };
  const server = await startServer({ data: first.data, settings: between });
  assert.equal(await (await server.fetch(path)).text(), 'bytes that move');
  const late = await publish(server, 'late', 'bytes that came later');
  const refused = await runCommand(['move-storage', '--data', server.data, '--to', 's3', '--remove']);
  assert.match(refused.stderr, /set storage to s3 first/);
  const moved = await runCommand(['move-storage', '--data', server.data, '--to', 's3', '--remove', ...flags(s3)]);
  assert.equal(moved.code, 0, moved.stderr + moved.stdout);
  assert.match(moved.stdout, /[1-9]\d* files copied \(.*\), [1-9]\d* were there, [1-9]\d* removed/);
  for (const [one, text] of [
    [path, 'bytes that move'],
    [late, 'bytes that came later'],
  ] as const)
    assert.equal(await (await server.fetch(one)).text(), text);
  assert.equal(globSync('artifact/*/*', { cwd: `${server.data}/media` }).length, 0);
  const back = await runCommand([
    'move-storage',
    '--data',
    server.data,
    '--to',
    'filesystem',
    ...flags({ ...s3, storage: '' }),
  ]);
  assert.equal(back.code, 0, back.stderr + back.stdout);
  assert.equal(await server.stop(), 0);
  const last = await startServer({ data: server.data });
  assert.equal(await (await last.fetch(late)).text(), 'bytes that came later');
  assert.equal(await last.stop(), 0);
});
