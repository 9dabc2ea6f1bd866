import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { setSourcePaths } from '../../src/model/content/alternate-source.ts';
import { manifestOf, truncated, unavailable, useUpstream } from './upstream.ts';
import { entry, useWorld } from './world.ts';

const world = await useWorld();
const upstream = await useUpstream();
const codes = (reports: readonly { code: string; done: number; state: string }[]) =>
  Object.fromEntries(reports.map((report) => [report.code, `${report.done} ${report.state}`]));

test('an immediate sync fetches everything into one version and reports its steps', async () => {
  const repository = await world.repository();
  const files = { 'a.txt': 'a', 'deep/b.txt': 'bb', 'comma,folder/,comma,,file,.iso': 'c', 'ä b.txt': 'd' };
  const url = upstream.publish('first', files);
  const { result, created, reports } = await world.sync(repository, await world.remote(url));
  assert.deepEqual(
    await world.paths(repository),
    Object.entries(files)
      .map(([path, text]) => entry(path, text))
      .sort(),
  );
  assert.deepEqual(created, [`prn:core.repositoryversion:${result!.id}`]);
  assert.deepEqual(codes(reports), {
    'sync.downloading.metadata': '1 completed',
    'sync.parsing.metadata': '4 completed',
    'sync.downloading.artifacts': '4 completed',
    'associating.content': '4 completed',
  });
  const versions = await world.versions(repository);
  assert.deepEqual(versions.at(-1), {
    number: 1,
    complete: true,
    counts: { added: { 'file.file': 4 }, removed: {}, present: { 'file.file': 4 } },
  });
  assert.deepEqual(world.temporaryFiles(), []);
});

test('nothing changed upstream: skipped, and without optimize no version either', async () => {
  const repository = await world.repository();
  const remote = await world.remote(upstream.publish('same', { 'a.txt': 'a', 'b.txt': 'b' }));
  await world.sync(repository, remote);
  const skipped = await world.sync(repository, remote);
  assert.equal(skipped.result, null);
  assert.deepEqual(codes(skipped.reports), {
    'sync.downloading.metadata': '1 completed',
    'sync.was_skipped': '1 completed',
  });
  const again = await world.sync(repository, remote, { optimize: false });
  assert.equal(again.result, null);
  assert.deepEqual(again.created, []);
  assert.equal(codes(again.reports)['associating.content'], '0 completed');
  assert.equal((await world.versions(repository)).length, 2);
  const number = await world.db.row(sql`select next_version, details from repository where id = ${repository.id}`);
  assert.equal((number as { next_version: number }).next_version, 2);
});

test('a changed file replaces the one at its path, others stay unless mirrored', async () => {
  const repository = await world.repository();
  const remote = await world.remote(upstream.publish('change', { 'a.txt': 'old', 'b.txt': 'b' }));
  await world.sync(repository, remote);
  upstream.publish('change', { 'a.txt': 'new', 'c.txt': 'c' });
  await world.sync(repository, remote);
  assert.deepEqual(await world.paths(repository), [entry('a.txt', 'new'), entry('b.txt', 'b'), entry('c.txt', 'c')]);
  const mirrored = await world.sync(repository, remote, { mirror: true });
  assert.deepEqual(await world.paths(repository), [entry('a.txt', 'new'), entry('c.txt', 'c')]);
  assert.equal(codes(mirrored.reports)['unassociating.content'], '1 completed');
  assert.deepEqual(await world.paths(repository, 1), [entry('a.txt', 'old'), entry('b.txt', 'b')]);
});

test('a mirror is published with the upstream manifest as it is', async () => {
  const repository = await world.repository();
  const files = { 'a.txt': 'a' };
  const manifest = `# made upstream\n\n${manifestOf(files)}`;
  const { created } = await world.sync(repository, await world.remote(upstream.publish('mirror', files, manifest)), {
    mirror: true,
  });
  assert.match(created[1]!, /^prn:file\.filepublication:/);
  const published = await world.db.row<{
    complete: boolean;
    pass_through: boolean;
    details: object;
    size: number;
    path: string;
  }>(sql`
    select p.complete, p.pass_through, p.details, a.size, pa.relative_path as path from publication p
      join published_artifact pa on pa.publication_id = p.pulp_id join artifact a on a.id = pa.artifact_id
      where p.pulp_id = ${created[1]!.split(':')[2]}`);
  assert.deepEqual(published, {
    complete: true,
    pass_through: true,
    details: { manifest: 'PULP_MANIFEST' },
    size: manifest.length,
    path: 'PULP_MANIFEST',
  });
});

test('on demand nothing is fetched, but bytes the domain has are linked at once', async () => {
  await world.upload('elsewhere.txt', 'known bytes');
  const repository = await world.repository();
  const remote = await world.remote(
    upstream.publish('lazy', { 'x.txt': 'lazy bytes', 'y.txt': 'known bytes' }),
    'on_demand',
  );
  const before = upstream.requests.length;
  await world.sync(repository, remote);
  assert.deepEqual(upstream.requests.slice(before), ['/lazy/PULP_MANIFEST']);
  const rows = await world.db.rows(sql`
    select ca.relative_path, ca.artifact_id is not null as here, ra.url, ra.size from repository_content rc
      join content_artifact ca on ca.content_id = rc.content_id join remote_artifact ra on ra.content_artifact_id = ca.id
      where rc.repository_id = ${repository.id} order by 1`);
  assert.deepEqual(rows, [
    { relative_path: 'x.txt', here: false, url: `${upstream.origin}/lazy/x.txt`, size: 10 },
    { relative_path: 'y.txt', here: true, url: `${upstream.origin}/lazy/y.txt`, size: 11 },
  ]);
});

test('switching to immediate fetches what is missing without a new version', async () => {
  const repository = await world.repository();
  const url = upstream.publish('switch', { 'x.txt': 'switched bytes' });
  await world.sync(repository, await world.remote(url, 'on_demand'));
  const { result } = await world.sync(repository, await world.remote(url));
  assert.equal(result, null);
  const missing = await world.db.rows(sql`
    select from repository_content rc join content_artifact ca on ca.content_id = rc.content_id
      where rc.repository_id = ${repository.id} and ca.artifact_id is null`);
  assert.equal(missing.length, 0);
});

test('the same line twice is one unit', async () => {
  const repository = await world.repository();
  const manifest = manifestOf({ 'x.txt': 'x' }).repeat(2);
  await world.sync(repository, await world.remote(upstream.publish('twice', { 'x.txt': 'x' }, manifest)));
  assert.deepEqual(await world.paths(repository), [entry('x.txt', 'x')]);
});

const LINE = 'Error: Parsing of the manifest file failed on line:';

/** Upstreams that cannot be synced, and how they are told. */
const failures: [string, () => string, RegExp | string][] = [
  [
    'a listed file is missing',
    () => {
      const url = upstream.publish('gone', { 'a.txt': 'a', 'b.txt': 'gone' });
      upstream.remove('/gone/b.txt');
      return url;
    },
    /^404, message='Not Found', url='http:.*\/gone\/b\.txt'$/,
  ],
  [
    'bytes differ from their digest',
    () => upstream.publish('wrong', { 'b.txt': 'real' }, manifestOf({ 'b.txt': 'fake' })),
    /^\[PLP0003\] A file located at the url .*\/wrong\/b\.txt failed validation due to checksum/,
  ],
  [
    'bytes are more than announced',
    () => upstream.publish('long', { 'b.txt': 'longer' }, manifestOf({ 'b.txt': 'long' })),
    /^\[PLP0004\] A file located at the url .* failed validation due to size/,
  ],
  [
    'a body breaks off',
    () => {
      upstream.behaviours.set('/broken/b.txt', truncated);
      return upstream.publish('broken', { 'b.txt': 'x'.repeat(100_000) });
    },
    /payload is not completed|disconnected/i,
  ],
  [
    'the server is overloaded',
    () => {
      upstream.behaviours.set('/busy/PULP_MANIFEST', unavailable);
      return upstream.publish('busy', {});
    },
    /^503, /,
  ],
  ['there is no manifest', () => `${upstream.origin}/nowhere/PULP_MANIFEST`, /^404, message='Not Found'/],
  ['a line is malformed', () => upstream.publish('bad', {}, '\n# text\nx.txt,abc,1\n'), `${LINE}3.`],
  ['a path leads out', () => upstream.publish('out', {}, manifestOf({ '../x': 'x' })), `${LINE}1.`],
  ['a path is absolute', () => upstream.publish('root', {}, manifestOf({ '/x': 'x' })), `${LINE}1.`],
  [
    'a path has two digests',
    () => upstream.publish('two', { x: 'x' }, `${manifestOf({ x: 'x' })}${manifestOf({ x: 'other' })}`),
    /^\[PLP0022\] Found 1 duplicate contents in repository version/,
  ],
  [
    'a file is also a directory',
    () => upstream.publish('nested', {}, manifestOf({ 'b.txt': 'x', 'b.txt/x': 'y' })),
    "Repository version errors : Path errors found. \nThe path for file 'b.txt/x' overlaps: b.txt",
  ],
];

for (const [name, prepare, message] of failures) {
  test(`a failing sync leaves no version and no temporary files: ${name}`, async () => {
    const repository = await world.repository();
    const policy = name.startsWith('a path has') || name.startsWith('a file is') ? 'on_demand' : 'immediate';
    const remote = await world.remote(prepare(), policy);
    await assert.rejects(world.sync(repository, remote), (error: Error) => {
      if (typeof message === 'string') assert.ok(error.message.startsWith(message), error.message);
      else assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(
      (await world.versions(repository)).map(({ number }) => number),
      [0],
    );
    assert.equal(
      (await world.db.rows(sql`select from repository_content where repository_id = ${repository.id}`)).length,
      0,
    );
    const row = await world.db.row<{ next_version: number }>(
      sql`select next_version from repository where id = ${repository.id}`,
    );
    assert.equal(row!.next_version, 1);
    assert.deepEqual(world.temporaryFiles(), []);
  });
}

test('a canceled sync leaves no version', async () => {
  const repository = await world.repository();
  const files = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`${at}.txt`, `cancel ${at}`]));
  const stop = new AbortController();
  upstream.behaviours.set('/cancel/100.txt', () => stop.abort(new Error('canceled')));
  const remote = await world.remote(upstream.publish('cancel', files));
  await assert.rejects(world.sync(repository, remote, {}, stop.signal), /canceled/);
  assert.deepEqual(
    (await world.versions(repository)).map(({ number }) => number),
    [0],
  );
  assert.deepEqual(world.temporaryFiles(), []);
});

test('units beyond several batches arrive complete; two syncs of the same units in opposite orders do not block', async () => {
  const entries = Array.from({ length: 9000 }, (_, at) => [`dir${at % 7}/${at}.txt`, `many ${at}`] as const);
  const lines = entries.map(([path, text]) => manifestOf({ [path]: text }));
  const forward = await world.remote(upstream.publish('forward', {}, lines.join('')), 'on_demand');
  const reverse = await world.remote(upstream.publish('reverse', {}, lines.toReversed().join('')), 'on_demand');
  const repositories = [await world.repository(), await world.repository()];
  await Promise.all([world.sync(repositories[0]!, forward), world.sync(repositories[1]!, reverse)]);
  for (const repository of repositories) assert.equal((await world.paths(repository)).length, entries.length);
  const units = await world.db.row<{ count: number }>(
    sql`select count(*) as count from file_content where relative_path like 'dir_/%'`,
  );
  assert.equal(units!.count, entries.length);
});

test('no more downloads are begun than there can be units under way', { timeout: 60_000 }, async () => {
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`wide-${i}.txt`, `wide ${i}`]));
  const remote = await world.remote(upstream.publish('wide', files), 'immediate', 1_000_000_000);
  const repository = await world.repository();
  await world.sync(repository, remote);
  assert.equal((await world.paths(repository)).length, 60);
});

test('an alternate source is tried before upstream, which has the last word', async () => {
  const files = { 'a.txt': 'from elsewhere', 'b.txt': 'broken elsewhere' };
  const near = await world.remote(upstream.publish('near', files), 'on_demand');
  upstream.files.set('/near/b.txt', Buffer.from('other bytes here'));
  const source = '019a0000-0000-7000-8000-000000000001';
  const path = '019a0000-0000-7000-8000-000000000002';
  await world.db.run(sql`insert into alternate_content_source (pulp_id, domain_id, pulp_type, name, remote_id)
    values (${source}, ${world.domain.id}, 'file.file', 'near', ${near})`);
  await world.db.run(
    sql`insert into alternate_content_source_path (pulp_id, source_id, path) values (${path}, ${source}, '')`,
  );
  const refreshed = await world.run('pulp_file.app.tasks.synchronizing.synchronize', {
    source_path: path,
    source,
    remote: near,
  });
  assert.equal(refreshed.result, null);
  const hidden = await world.db.row<{ name: string; user_hidden: boolean }>(
    sql`select name, user_hidden from repository where user_hidden`,
  );
  assert.deepEqual(hidden, { name: `near--${path}--repository`, user_hidden: true });

  const repository = await world.repository();
  const before = upstream.requests.length;
  await world.sync(repository, await world.remote(upstream.publish('far', files)));
  const asked = upstream.requests.slice(before);
  assert.ok(asked.includes('/near/a.txt') && !asked.includes('/far/a.txt'));
  assert.ok(asked.includes('/near/b.txt') && asked.includes('/far/b.txt'));

  // A path that is taken away takes its hidden repository with it, and what that has.
  const left = () =>
    world.db.row<{ repositories: number; lost: number }>(sql`select
      (select count(*) from repository where user_hidden) as repositories,
      (select count(*) from repository_content where repository_id not in (select id from repository)) as lost`);
  assert.deepEqual(await left(), { repositories: 1, lost: 0 });
  await world.db.transaction((tx) => setSourcePaths(tx, source, ['other']));
  assert.deepEqual(await left(), { repositories: 0, lost: 0 });
  await world.db.run(sql`delete from alternate_content_source where pulp_id = ${source}`);
});
