/** Tests of backups of running servers: under load, restored elsewhere, killed halfway, incremental, damaged. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  globSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { runCommand, startCommand } from '../support/command.ts';
import { makeDataDirectory, startServer, type TestServer } from '../support/server.ts';
import { get, post, uploadArtifact } from './files.ts';

const snapshots = (directory: string) => readdirSync(directory).filter((name) => name.endsWith('Z'));
const storedFiles = (directory: string) =>
  globSync('files/artifact/**', { cwd: directory }).filter((path) => statSync(join(directory, path)).isFile());

async function backUp(server: TestServer, to: string, ...more: string[]) {
  const result = await runCommand(['backup', '--data', server.data, '--to', to, ...more]);
  assert.equal(result.code, 0, result.stderr + result.stdout);
  return { ...result, path: join(to, snapshots(to).sort().at(-1)!) };
}

test('a backup under load is restored into an empty directory and goes on from there', async () => {
  const server = await startServer({ settings: { workers: 0 } });
  const remote = await post(server, 'remotes/file/file/', {
    name: 'kept',
    url: 'http://127.0.0.1:9/PULP_MANIFEST',
    username: 'user',
    password: 'hush-hush',
  });
  const repository = await post(server, 'repositories/file/file/', { name: 'kept', remote: remote.pulp_href });
  const { task } = await post(server, `${repository.pulp_href}sync/`.replace('/pulp/api/v3/', ''), {});
  const before = await Promise.all(Array.from({ length: 20 }, (_, i) => uploadArtifact(server, `before ${i}`)));
  let loading = true;
  const during: string[] = [];
  const load = (async () => {
    while (loading) during.push(await uploadArtifact(server, `during ${during.length}`));
  })();
  await sleep(50);
  const to = makeDataDirectory();
  const { path, stdout } = await backUp(server, to);
  loading = false;
  await load;
  assert.ok(during.length > 3, 'there was no load');
  assert.match(stdout, /Files: \d+ \(.*\), \d+ linked, 0 copied/);
  const status = await get(server, 'status/');
  await server.stop();
  assert.ok(status);

  const verified = await runCommand(['backup', 'verify', to]);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  assert.match(verified.stdout, /is whole/);

  const data = makeDataDirectory();
  const restored = await runCommand(['restore', '--data', data, '--from', path]);
  assert.equal(restored.code, 0, restored.stderr + restored.stdout);
  assert.match(restored.stdout, /Tasks: 1 were not finished; Canceled after restore\./);
  assert.match(restored.stdout, /Database and files match\./);
  assert.equal(existsSync(join(data, 'restore-unfinished')), false);

  const again = await startServer({ data });
  assert.equal(again.adminPassword, server.adminPassword);
  const canceled = await get(again, task!);
  assert.equal(canceled.state, 'canceled');
  assert.equal(canceled.error.reason, 'Canceled after restore.');
  const { results, count } = await get(again, 'artifacts/?limit=1000&fields=sha256,file');
  const found = results.map((artifact: { sha256: string }) => artifact.sha256);
  assert.deepEqual(
    before.filter((sha256) => !found.includes(sha256)),
    [],
  );
  assert.ok(count >= before.length);
  const disk = globSync('artifact/*/*', { cwd: join(data, 'media') });
  assert.equal(disk.length, count);
  for (const file of disk) {
    assert.equal(sha256Of(readFileSync(join(data, 'media', file))), file.replaceAll('/', '').slice('artifact'.length));
  }
  // The key came along: the remote's password can be read, so a sync fails for another reason.
  const sync = await post(again, `${repository.pulp_href}sync/`.replace('/pulp/api/v3/', ''), {});
  let state = await get(again, sync.task!);
  for (; ['waiting', 'running'].includes(state.state); state = await get(again, sync.task!)) await sleep(100);
  assert.equal(state.state, 'failed');
  assert.match(state.error.description, /127\.0\.0\.1:9/);
  assert.equal(await again.stop(), 0);
});

test('a killed backup is never taken for a whole one, and the next one goes on', async () => {
  const server = await startServer();
  for (let i = 0; i < 5; i++) await uploadArtifact(server, `kill ${i}`);
  const to = makeDataDirectory();
  for (let pause = 100; pause < 1_300; pause += 400) {
    const child = startCommand(['backup', '--data', server.data, '--to', to]);
    await Promise.race([sleep(pause), once(child, 'exit')]);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  for (const name of snapshots(to)) assert.ok(existsSync(join(to, name, 'manifest.json')), name);
  rmSync(to, { recursive: true });
  // One that is certain to be unfinished.
  const child = startCommand(['backup', '--data', server.data, '--to', to]);
  while (!existsSync(to) || !readdirSync(to).some((name) => name.endsWith('.unfinished'))) await sleep(1);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.deepEqual(snapshots(to), []);
  const verified = await runCommand(['backup', 'verify', to]);
  assert.equal(verified.code, 1);
  assert.match(verified.stderr, /There is no backup in .*, only \d+T\d+Z\.unfinished, which was not finished\./);
  const refused = await runCommand(['restore', '--data', makeDataDirectory(), '--from', to]);
  assert.equal(refused.code, 1);
  await backUp(server, to);
  assert.deepEqual(
    readdirSync(to).filter((name) => name.endsWith('.unfinished')),
    [],
  );
  assert.equal((await runCommand(['backup', 'verify', to])).code, 0);
  assert.equal(await server.stop(), 0);
});

test('backups share files with the one before; damage is found; keys may be left out', async () => {
  const server = await startServer();
  await uploadArtifact(server, 'first');
  const to = makeDataDirectory();
  const first = await backUp(server, to);
  await uploadArtifact(server, 'second');
  const second = await backUp(server, to, '--without-secrets');
  assert.equal(await server.stop(), 0);
  const shared = storedFiles(first.path)[0]!;
  assert.equal(statSync(join(first.path, shared)).ino, statSync(join(second.path, shared)).ino);
  assert.equal(storedFiles(second.path).length, 2);
  assert.ok(existsSync(join(first.path, 'data', 'db-encryption-key')));
  assert.equal(existsSync(join(second.path, 'data')), false);

  const refused = await runCommand(['restore', '--data', makeDataDirectory(), '--from', second.path]);
  assert.match(refused.stderr, /made without secrets. Put the encryption key into .*db-encryption-key first/);

  const file = join(first.path, shared);
  const text = readFileSync(file, 'utf8');
  rmSync(file);
  writeFileSync(file, text.replace('f', 'F'));
  const damaged = await runCommand(['backup', 'verify', first.path]);
  assert.equal(damaged.code, 1);
  assert.match(damaged.stdout, /DAMAGED: files\/artifact\/.* has another digest/);
  const data = makeDataDirectory();
  const partly = await runCommand(['restore', '--data', data, '--from', first.path]);
  assert.equal(partly.code, 1);
  assert.match(partly.stdout, /WARNING: 1 files are missing, 0 of them since before the backup/);
  rmSync(file);
  assert.match((await runCommand(['backup', 'verify', first.path])).stdout, /DAMAGED: files\/artifact\/.* is missing/);

  appendFileSync(join(second.path, 'database.zst'), 'x');
  const cut = await runCommand(['restore', '--data', makeDataDirectory(), '--from', second.path, '--force']);
  assert.match(cut.stderr, /The backup is damaged: database\.zst has \d+ bytes instead of \d+\./);
});

test('a used directory is only replaced when told so, a running server never', async () => {
  const server = await startServer();
  const sha256 = await uploadArtifact(server, 'replaced');
  const to = makeDataDirectory();
  await backUp(server, to);
  const running = await runCommand(['restore', '--data', server.data, '--from', to, '--force']);
  assert.match(running.stderr, /data directory .* is in use by process/);
  await post(server, 'repositories/file/file/', { name: 'later' });
  assert.equal(await server.stop(), 0);
  const refused = await runCommand(['restore', '--data', server.data, '--from', to]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /is not empty\. Restore into another directory \(--data\), or replace/);
  const forced = await runCommand(['restore', '--data', server.data, '--from', to, '--force']);
  assert.equal(forced.code, 0, forced.stderr);
  assert.match(forced.stdout, /Files: 0 brought back, 1 were there\./);
  const again = await startServer({ data: server.data });
  assert.equal((await get(again, 'repositories/file/file/')).count, 0);
  assert.equal((await get(again, `artifacts/?sha256=${sha256}`)).count, 1);
  assert.equal(await again.stop(), 0);
});
