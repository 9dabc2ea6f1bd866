/** Tests of the operator's commands on a running server. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../src/db/sql.ts';
import { get, post, uploadArtifact } from '../backup/files.ts';
import { type CommandResult, runCommand } from '../support/command.ts';
import { useDatabase } from '../support/database.ts';
import { makeDataDirectory, startServer } from '../support/server.ts';

const db = await useDatabase();
const server = await startServer({ databaseUrl: db.url, settings: { test_tasks: true } });

function deckle(words: readonly string[], input?: string): Promise<CommandResult> {
  const env = { DECKLE_DATABASE_URL: db.url, DECKLE_DATA: server.data, DECKLE_TEST_TASKS: 'true' };
  return runCommand(words, input === undefined ? { env } : { env, input });
}

async function said(words: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await deckle(words, input);
  assert.equal(code, 0, `${words.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

async function finished(task: string): Promise<Record<string, string>> {
  for (;;) {
    const state = await get(server, task);
    if (!['waiting', 'running'].includes(state.state)) return state;
    await sleep(50);
  }
}

const body = 'bytes of the operator';
const sha256 = await uploadArtifact(server, body);
const [artifact] = (await get(server, `artifacts/?sha256=${sha256}`)).results;
const repository = await post(server, 'repositories/file/file/', { name: 'operated', autopublish: true });
const unit = { artifact: artifact.pulp_href, relative_path: 'dir/file.txt', repository: repository.pulp_href };
assert.equal((await finished((await post(server, 'content/file/files/', unit)).task!)).state, 'completed');
const distribution = { name: 'operated', base_path: 'some/where', repository: repository.pulp_href };
assert.equal((await finished((await post(server, 'distributions/file/file/', distribution)).task!)).state, 'completed');

test('sizes of repositories, over all versions and by version', async () => {
  const words = [
    'repository-size',
    '--repositories',
    repository.pulp_href!,
    '--include-on-demand',
    '--include-versions',
  ];
  const sizes = { 'disk-size': body.length, 'on-demand-size': 0 };
  assert.deepEqual(JSON.parse(await said(['manager', ...words])), [
    {
      name: 'operated',
      href: repository.pulp_href,
      ...sizes,
      versions: [
        { version: 0, 'disk-size': 0, 'on-demand-size': 0 },
        { version: 1, ...sizes },
      ],
    },
  ]);
  const missing = await deckle(['repository-size', '--repositories', 'nothing']);
  assert.deepEqual([missing.code, missing.stderr], [1, 'There is no repository nothing.\n']);
  const [all] = JSON.parse(await said(['repository-size', '--domain', 'default']));
  assert.deepEqual(all, { name: 'operated', href: repository.pulp_href, 'disk-size': body.length });
});

test('files of a publication are found in the storage, and written to a directory in each way', async () => {
  const text = await said(['analyze-publication', '--distribution-base-path', 'some/where']);
  const stored = /- dir\/file\.txt\n {2}-> (\S+)\n/.exec(text)?.[1] ?? '';
  assert.equal(readFileSync(stored, 'utf8'), body);
  assert.match(text, /- PULP_MANIFEST\n/);
  for (const method of ['write', 'hardlink', 'symlink']) {
    const target = join(makeDataDirectory(), 'tree');
    const out = await said(['manager', 'dump-publications-to-fs', target, '--method', method, '--type', 'file.file']);
    assert.match(out, /2 files written\./);
    const file = join(target, 'some/where/dir/file.txt');
    assert.equal(readFileSync(file, 'utf8'), body);
    assert.equal(lstatSync(file).isSymbolicLink(), method === 'symlink');
    assert.equal(lstatSync(file).ino === lstatSync(stored).ino, method === 'hardlink');
    const again = await deckle(['dump-publications-to-fs', target]);
    assert.match(again.stderr, /is not empty\. Choose another place, or go on with --allow-dirty\./);
    assert.match(await said(['dump-publications-to-fs', target, '--allow-dirty']), /2 files written/);
  }
  const dry = join(makeDataDirectory(), 'dry');
  assert.match(await said(['dump-publications-to-fs', dry, '--dry-run']), /2 files would be written\./);
  assert.equal(existsSync(dry), false);
  const none = await deckle(['dump-publications-to-fs', dry, '--distribution-path-prefix', 'else']);
  assert.equal(none.stderr, 'There is no publication to write.\n');
});

test('the publication is written that is served, also where a replication has pinned one', async () => {
  const [{ pulp_href: pinned }] = (await get(server, `publications/file/file/?repository=${repository.pulp_href}`))
    .results;
  const version = `${repository.pulp_href}versions/1/`;
  const task = (await post(server, 'publications/file/file/', { repository_version: version })).task!;
  assert.equal((await finished(task)).state, 'completed');
  const made = await post(server, 'distributions/file/file/', {
    name: 'pinned',
    base_path: 'pinned/path',
    repository_version: version,
  });
  const href = (await finished(made.task!)).created_resources![0]!;
  const id = pinned.split('/').at(-2);
  await db.run(
    sql`update distribution set pinned_publication_id = ${id}, pulp_last_updated = now() where name = 'pinned'`,
  );
  assert.equal((await get(server, `${href}?fields=served`)).served.publication, id);
  const prefix = ['--distribution-path-prefix', 'pinned'];
  const out = await said(['dump-publications-to-fs', join(makeDataDirectory(), 'tree'), '--dry-run', ...prefix]);
  assert.match(out, new RegExp(`publication ${id}`));
  await db.run(sql`delete from distribution where name = 'pinned'`);
});

test('checksums are completed, stripped and reported', async () => {
  await db.run(sql`update artifact set sha512 = null, md5 = ${'\\x00'}::bytea where sha256 = ${`\\x${sha256}`}::bytea`);
  assert.match(await said(['handle-artifact-checksums']), /^1 artifacts got missing checksums, 1 lost some/);
  const now = await get(server, artifact.pulp_href);
  assert.deepEqual([now.sha512, now.md5], [artifact.sha512, null]);
  assert.match(
    await said(['handle-artifact-checksums', '--report', '--checksums', 'sha512']),
    /All files can be checked/,
  );
  const wrong = await deckle(['handle-artifact-checksums', '--report', '--checksums', 'crc']);
  assert.match(wrong.stderr, /There is no checksum crc; there are md5, /);
});

test('the cache is cleared of everything or of what is named', async () => {
  assert.match(await said(['clear-cache']), /cleared of everything/);
  const named = ['--repository', 'operated', '--base-path', 'some/where', '--distribution', 'operated'];
  assert.match(await said(['manager', 'clear-cache', ...named]), /cleared of 1 distributions/);
  assert.match((await deckle(['clear-cache', '--base-path', 'no'])).stderr, /no distribution with the base path no/);
});

test('tasks and groups are dispatched by JSON', async () => {
  const task = (name: string, kwargs: object = {}) =>
    JSON.stringify({
      args: [`pulpcore.app.tasks.test.${name}`],
      kwargs,
      correlation_id: 'cid-of-test',
      username: 'admin',
    });
  const href = (await said(['dispatch'], task('sleep', { args: [0], exclusive_resources: ['x'] }))).trim();
  assert.match(href, /^\/pulp\/api\/v3\/tasks\/[0-9a-f-]{36}\/$/);
  const done = await finished(href);
  assert.deepEqual([done.state, done.logging_cid], ['completed', 'cid-of-test']);
  const immediate = (await said(['dispatch'], task('asleep', { args: [0], immediate: true }))).trim();
  assert.equal((await get(server, immediate)).state, 'completed');
  const group = JSON.parse(await said(['dispatch'], '{"make_task_group": true}'));
  assert.equal((await get(server, group.href)).pulp_href, group.href);
  assert.match((await deckle(['dispatch'], 'nonsense')).stderr, /Give one JSON object/);
  assert.match(
    (await deckle(['dispatch'], task('nothing'))).stderr,
    /There is no task pulpcore\.app\.tasks\.test\.nothing/,
  );
  const refused = await deckle(['dispatch', '--no-test-tasks'], task('sleep'));
  assert.match(refused.stderr, /only with the setting test_tasks/);
});

test('maintenance is switched on, told and switched off', async () => {
  assert.match(await said(['maintenance', 'on']), /Maintenance is on since \d{4}-/);
  assert.match(await said(['maintenance', 'status']), /is on since/);
  assert.match(await said(['maintenance', 'off']), /Maintenance is off\./);
  assert.match((await deckle(['maintenance'])).stderr, /Say maintenance on, off or status/);
});

test('damage of the database is found and repaired', async () => {
  await db.run(
    sql`update repository_version set counts = jsonb_set(counts, '{present}', '{"file.file": 7}') where number = 1`,
  );
  assert.match(await said(['datarepair', 'counts', '--dry-run']), /^1 versions with wrong counts; 0 repaired/);
  assert.match(await said(['manager', 'datarepair', '7272']), /^1 versions with wrong counts; 1 repaired/);
  assert.match(await said(['datarepair', 'counts']), /^0 versions/);
  await db.run(sql`insert into repository_content select id, -1, 1, null from repository`);
  assert.match(await said(['datarepair', 'memberships']), /^1 memberships .*; 1 repaired/);
  await db.run(sql`update repository set next_version = 0`);
  assert.match(await said(['datarepair', 'numbers']), /^1 repositories .*; 1 repaired/);
  assert.match(await said(['datarepair', 'secrets']), /^0 secrets that no key can read; 0 repaired/);
  assert.match((await deckle(['datarepair', '1'])).stderr, /There is no issue 1; there are counts, files, memberships/);
});

test('stored files that no row names are removed, all others stay', async () => {
  const sha256 = await uploadArtifact(server, 'named');
  const media = join(server.data, 'media');
  const place = (digest: string) => join(media, 'artifact', digest.slice(0, 2), digest.slice(2));
  const stray = 'ab'.repeat(32);
  mkdirSync(dirname(place(stray)), { recursive: true });
  writeFileSync(place(stray), 'left behind');
  const lost = join(media, 'upload', randomUUID());
  mkdirSync(lost, { recursive: true });
  writeFileSync(join(lost, '0'), 'chunk');
  assert.match(await said(['datarepair', 'files', '--dry-run']), /^2 stored files .*; 0 repaired/);
  assert.ok(existsSync(place(stray)));
  assert.match(await said(['datarepair', 'files']), /^2 stored files .*; 2 repaired/);
  assert.deepEqual([existsSync(place(stray)), existsSync(join(lost, '0'))], [false, false]);
  assert.ok(existsSync(place(sha256)));
  assert.match(await said(['datarepair', 'files']), /^0 stored files/);
});

test('keys are changed', async () => {
  await post(server, 'remotes/file/file/', { name: 'secret', url: 'http://127.0.0.1:9/', password: 'hush' });
  const file = join(server.data, 'db-encryption-key');
  const old = readFileSync(file, 'utf8');
  writeFileSync(file, `${Buffer.alloc(32, 7).toString('base64')}\n${old}`);
  assert.match(await said(['rotate-db-key', '--dry-run']), /^[1-9]\d* values would be encrypted anew, 0 have the key/);
  assert.match(await said(['manager', 'rotate-db-key']), /^[1-9]\d* values encrypted anew/);
  writeFileSync(file, `${Buffer.alloc(32, 7).toString('base64')}\n`);
  assert.match(await said(['rotate-db-key']), /^0 values encrypted anew, [1-9]\d* have the key already/);
  writeFileSync(file, old);
  const unreadable = await deckle(['rotate-db-key']);
  assert.equal(unreadable.code, 1);
  assert.match(unreadable.stderr, /values of .*remote\.password cannot be read with any key/);
});

test('the password of admin is given anew, and old ones end', async () => {
  const tryWith = async (password: string) =>
    (
      await fetch(`${server.url}/pulp/api/v3/users/`, {
        headers: { authorization: `Basic ${btoa(`admin:${password}`)}` },
      })
    ).status;
  const random = /to "(\S+)"/.exec(await said(['reset-admin-password', '--random']))?.[1] ?? '';
  assert.notEqual(await tryWith(random), 401);
  assert.equal(await tryWith(server.adminPassword), 401);
  assert.equal(existsSync(join(server.data, 'admin-password')), false);
  await said(['manager', 'reset-admin-password', '-p', 'given-by-option']);
  assert.notEqual(await tryWith('given-by-option'), 401);
  await said(['reset-admin-password'], 'asked-for-1\nasked-for-1\n');
  assert.notEqual(await tryWith('asked-for-1'), 401);
  assert.match((await deckle(['reset-admin-password'], 'asked-for-2\nother\n')).stderr, /did not match/);
  assert.match((await deckle(['reset-admin-password'], '12345\n12345\n')).stderr, /too short.*entirely numeric/);
  assert.notEqual(await tryWith('asked-for-1'), 401);
});

test('while something runs nothing is cancelled or removed; afterwards it is', async () => {
  assert.match((await deckle(['cancel-unfinished'])).stderr, /^Stop the processes of the server first: api /);
  assert.match((await deckle(['remove-plugin', 'file'])).stderr, /^Stop the processes of the server first/);
  assert.match((await deckle(['remove-plugin', 'nothing'])).stderr, /There is no package type nothing\./);
  assert.equal(await server.stop(), 0);
  await said(['dispatch'], JSON.stringify({ args: ['pulpcore.app.tasks.test.dummy_task'] }));
  assert.match(await said(['cancel-unfinished']), /^1 tasks canceled\./);
  const out = await said(['manager', 'remove-plugin', 'file']);
  assert.match(out, /^Removed distribution 1, publication [1-9]\d*, repository 1, .*remote 1, .*content 1\./);
  const left = await db.rows(sql`
    select from content where pulp_type like 'file.%' union all select from repository where pulp_type like 'file.%'`);
  assert.deepEqual(left, []);
  assert.match(await said(['migrate']), /Applied [1-9]\d* migrations/);
  assert.equal(await said(['dump-permissions']), '[]\n');
});
