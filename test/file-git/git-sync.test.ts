import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { beforeEach } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { Secrets } from '../../src/lib/crypto/secrets.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { entry, useWorld } from '../content/world.ts';
import { useGitServer } from './git-server.ts';

const world = await useWorld();
const server = await useGitServer();
const codes = (reports: readonly { code: string; done: number; state: string }[]) =>
  Object.fromEntries(reports.map((report) => [report.code, `${report.done} ${report.state}`]));

let names = 0;
async function remote(url: string, ref = 'HEAD', login?: [string, string]): Promise<string> {
  const pulpId = uuid7();
  const [user, password] = (login ?? []).map((text) => new Secrets([Buffer.alloc(32, 7)]).encrypt(text));
  await world.db.run(sql`
    insert into remote (pulp_id, domain_id, pulp_type, name, url, policy, max_retries, details, username, password)
      values (${pulpId}, ${world.domain.id}, 'file.git', ${`git ${++names}`}, ${url}, 'immediate', 1,
        ${sql.json({ git_ref: ref })}, ${user ?? null}, ${password ?? null})`);
  return pulpId;
}

/** A repository with two commits on main, a branch, tags of both kinds, and files that are stored in many ways. */
function makeProject(name: string, ...options: string[]): { first: string; second: string; random: string } {
  server.init(name, ...options);
  const at = (...path: string[]) => join(server.root, name, ...path);
  mkdirSync(at('deep', 'er'), { recursive: true });
  const lines = Array.from({ length: 20_000 }, (_, line) => `line ${line} of a text that is changed a little`);
  writeFileSync(at('old.txt'), 'old');
  writeFileSync(at('lines.txt'), lines.join('\n'));
  const first = server.commit(name, 'first');
  server.git(name, 'tag', 'light');
  server.git(name, 'branch', 'former');
  rmSync(at('old.txt'));
  lines[5000] = 'changed';
  writeFileSync(at('deep', 'lines.txt'), lines.join('\n'));
  const random = Array.from({ length: 60_000 }, (_, index) => ((index * 2654435761) % 2 ** 32).toString(36)).join('');
  writeFileSync(at('deep', 'er', 'random.bin'), random);
  writeFileSync(at('empty'), '');
  writeFileSync(at('ä b,c.txt'), 'names');
  symlinkSync('lines.txt', at('link'));
  const second = server.commit(name, 'second');
  server.git(name, 'tag', '-a', 'annotated', '-m', 'a tag');
  // Deltas on purpose, and all in one pack.
  server.git(name, 'repack', '-q', '-a', '-d', '-f', '--depth=50', '--window=50');
  return { first, second, random };
}

const project = makeProject('project');
const text = (changed: boolean) =>
  Array.from({ length: 20_000 }, (_, line) =>
    changed && line === 5000 ? 'changed' : `line ${line} of a text that is changed a little`,
  ).join('\n');
const FIRST = [entry('lines.txt', text(false)), entry('old.txt', 'old')].sort();
const SECOND = [
  entry('deep/er/random.bin', project.random),
  entry('deep/lines.txt', text(true)),
  entry('empty', ''),
  entry('lines.txt', text(false)),
  entry('link', 'lines.txt'),
  entry('ä b,c.txt', 'names'),
].sort();

beforeEach(() => {
  server.requests.length = 0;
  server.old = false;
  server.login = '';
});

const url = (name: string) => `${server.origin}/${name}/.git`;
const cases: [string, string, readonly string[]][] = [
  ['HEAD', 'HEAD', SECOND],
  ['a branch', 'former', FIRST],
  ['a whole name', 'refs/heads/main', SECOND],
  ['a tag', 'light', FIRST],
  ['an annotated tag', 'annotated', SECOND],
  ['a commit', project.first, FIRST],
  ['the start of a commit', project.first.slice(0, 8), FIRST],
];
for (const old of [false, true]) {
  for (const [name, ref, expected] of cases) {
    test(`the files of ${name} are synced${old ? ' by the former protocol' : ''}`, async () => {
      server.old = old;
      const repository = await world.repository();
      await world.sync(repository, await remote(url('project'), ref));
      assert.deepEqual((await world.paths(repository)).sort(), expected);
      assert.deepEqual(world.temporaryFiles(), []);
    });
  }
}

test('a repository with names of 256 bits is read too', async () => {
  const { random } = makeProject('project256', '--object-format=sha256');
  const repository = await world.repository();
  await world.sync(repository, await remote(url('project256')));
  assert.ok((await world.paths(repository)).includes(entry('deep/er/random.bin', random)));
  assert.equal((await world.paths(repository)).length, 6);
});

test('a sync tells its steps, keeps no source for later, and is skipped while the commit is the same', async () => {
  const repository = await world.repository();
  const git = await remote(url('project'), 'annotated');
  const { reports } = await world.sync(repository, git);
  assert.deepEqual(codes(reports), {
    'sync.git.cloning': '1 completed',
    'sync.git.resolving_ref': '1 completed',
    'sync.git.parsing_tree': '6 completed',
    'sync.downloading.artifacts': '0 completed',
    'associating.content': '6 completed',
  });
  assert.equal(await world.count('remote_artifact'), 0);
  server.requests.length = 0;
  const again = await world.sync(repository, git);
  assert.deepEqual(codes(again.reports), { 'sync.git.cloning': '1 completed', 'sync.was_skipped': '1 completed' });
  assert.equal(server.requests.length, 2);
  const forced = await world.sync(repository, git, { optimize: false });
  assert.equal(forced.result, null);
  assert.equal((await world.versions(repository)).length, 2);
});

test('a mirror has what the commit has, and no publication', async () => {
  const repository = await world.repository();
  const git = await remote(url('project'), 'light');
  await world.sync(repository, git);
  await world.db.run(sql`update remote set details = ${sql.json({ git_ref: 'main' })} where pulp_id = ${git}`);
  const { created } = await world.sync(repository, git, { mirror: true });
  assert.equal(created.length, 1);
  assert.deepEqual((await world.paths(repository)).sort(), SECOND);
});

test('user and password of the remote are sent', async () => {
  server.login = 'me:secret';
  const repository = await world.repository();
  await world.sync(repository, await remote(url('project'), 'HEAD', ['me', 'secret']));
  assert.equal((await world.paths(repository)).length, 6);
  await assert.rejects(
    world.sync(await world.repository(), await remote(url('project'), 'HEAD', ['me', 'wrong'])),
    /^Error: Failed to clone git repository 'http:.*': the server answers 401/,
  );
});

test('files of LFS are fetched from where the server tells', async () => {
  server.init('large');
  const bytes = Buffer.alloc(300_000, 'large');
  writeFileSync(join(server.root, 'large', 'model.bin'), server.point(bytes));
  writeFileSync(join(server.root, 'large', 'README'), 'small');
  server.commit('large', 'first');
  const repository = await world.repository();
  await world.sync(repository, await remote(url('large')));
  assert.deepEqual((await world.paths(repository)).sort(), [
    entry('README', 'small'),
    entry('model.bin', bytes.toString()),
  ]);
  assert.deepEqual(server.tokens, ['token']);
  server.large.clear();
  await assert.rejects(
    world.sync(await world.repository(), await remote(url('large'))),
    /Failed to resolve LFS blob 'model\.bin': the LFS server says: Object does not exist/,
  );
  assert.deepEqual(world.temporaryFiles(), []);
});

test('bytes of LFS that are not the announced ones fail the sync', async () => {
  server.init('forged');
  const pointer = server.point(Buffer.from('the right bytes'));
  writeFileSync(join(server.root, 'forged', 'x'), pointer);
  server.commit('forged', 'first');
  const [oid] = [...server.large.keys()].slice(-1);
  server.large.set(oid!, Buffer.from('the wrong bytes'));
  await assert.rejects(
    world.sync(await world.repository(), await remote(url('forged'))),
    /Failed to resolve LFS blob 'x'/,
  );
});

const failures: [string, () => Promise<string>, RegExp][] = [
  [
    'a name nothing has',
    () => remote(url('project'), 'no-such'),
    /^Error: Could not resolve git ref 'no-such': there is no branch/,
  ],
  [
    'a commit that is not there',
    () => remote(url('project'), 'abcdef0'),
    /^Error: Could not resolve git ref 'abcdef0': there is no/,
  ],
  [
    'a place without a repository',
    () => remote(url('nowhere')),
    /^Error: Failed to clone git repository '.*nowhere\/\.git': the server answers 404/,
  ],
  [
    'an address nobody listens at',
    () => remote('http://127.0.0.1:9/x.git'),
    /^Error: Failed to clone git repository 'http:\/\/127\.0\.0\.1:9\/x\.git': /,
  ],
];
for (const [name, make, message] of failures) {
  test(`a sync fails and leaves no version: ${name}`, async () => {
    const repository = await world.repository();
    await assert.rejects(world.sync(repository, await make()), message);
    assert.equal((await world.versions(repository)).length, 1);
  });
}
