/** A sync from an upstream with every vice ends with a clear error, leaves the repository as it was and nothing half-made. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { useRunningServer } from '../support/running-server.ts';
import { body, late, line, redirect, silent, status, stuck, truncated, useNastyUpstream } from './nasty-upstream.ts';

const running = await useRunningServer();
const upstream = await useNastyUpstream();
const good = { 'good.txt': body('good') };
const MANIFEST = 'PULP_MANIFEST';
const badLine = (number: number) => new RegExp(`Parsing of the manifest file failed on line:${number}\\.`);

const cases: Record<string, { url: string; error: RegExp; remote?: object }> = {
  'an upstream that is not there': {
    url: 'http://127.0.0.1:9/PULP_MANIFEST',
    error: /Cannot connect to host 127\.0\.0\.1:9/,
  },
  'a host without address': {
    url: 'http://no-such-host.invalid/PULP_MANIFEST',
    error: /Cannot connect to host no-such-host\.invalid/,
  },
  'a manifest that is not there': { url: upstream.directory({}), error: /404, message='Not Found'/ },
  'a manifest that fails': {
    url: upstream.directory({ [MANIFEST]: status(500) }),
    error: /500, message='Internal Server Error'/,
  },
  'a truncated manifest': {
    url: upstream.directory({ [MANIFEST]: truncated(line('good.txt', 'good').repeat(40)) }),
    error: /payload is not completed/,
  },
  'a file that is not there': {
    url: upstream.directory({ ...good, [MANIFEST]: body(line('good.txt', 'good') + line('gone.txt', 'gone')) }),
    error: /404, message='Not Found', url='.*gone\.txt'/,
  },
  'a file that fails': {
    url: upstream.directory({
      ...good,
      'bad.txt': status(500),
      [MANIFEST]: body(line('good.txt', 'good') + line('bad.txt', 'bad')),
    }),
    error: /500, message='Internal Server Error', url='.*bad\.txt'/,
  },
  'a truncated file': {
    url: upstream.directory({
      ...good,
      'bad.txt': truncated('0123456789'.repeat(1000)),
      [MANIFEST]: body(line('good.txt', 'good') + line('bad.txt', '0123456789'.repeat(1000))),
    }),
    error: /payload is not completed, url='.*bad\.txt'/,
  },
  'a file with another digest': {
    url: upstream.directory({
      ...good,
      'bad.txt': body('bad'),
      [MANIFEST]: body(line('good.txt', 'good') + line('bad.txt', 'dab')),
    }),
    error: /bad\.txt failed validation due to checksum/,
  },
  'a file that is too long': {
    url: upstream.directory({
      ...good,
      'bad.txt': body('longer than told'),
      [MANIFEST]: body(line('good.txt', 'good') + line('bad.txt', 'longer than told', { size: 3 })),
    }),
    error: /bad\.txt failed validation due to size/,
  },
  'a file that is too short': {
    url: upstream.directory({
      ...good,
      'bad.txt': body('short'),
      [MANIFEST]: body(line('good.txt', 'good') + line('bad.txt', 'short', { size: 5000 })),
    }),
    error: /bad\.txt failed validation due to size/,
  },
  'a page instead of a manifest': {
    url: upstream.directory({ [MANIFEST]: body('<!doctype html>\n<html><body>Welcome</body></html>\n') }),
    error: badLine(1),
  },
  'a line with two fields': {
    url: upstream.directory({ ...good, [MANIFEST]: body(`${line('good.txt', 'good')}\nbad.txt,3\n`) }),
    error: badLine(3),
  },
  'a digest that is none': {
    url: upstream.directory({ [MANIFEST]: body(line('good.txt', 'good', { digest: 'abc' })) }),
    error: badLine(1),
  },
  'a size that is none': {
    url: upstream.directory({ [MANIFEST]: body(line('good.txt', 'good', { size: -1 })) }),
    error: badLine(1),
  },
  'a manifest of other bytes': {
    url: upstream.directory({
      [MANIFEST]: (response) => void response.end(Buffer.from([0x1f, 0x8b, 0, 255, 254, 10, 0])),
    }),
    error: badLine(1),
  },
  ...Object.fromEntries(
    ['../outside.txt', 'deep/../../outside.txt', '/etc/passwd', './here.txt', 'double//slash.txt', 'directory/'].map(
      (path) => [
        `the path ${path}`,
        { url: upstream.directory({ [MANIFEST]: body(line(path, 'x')) }), error: badLine(1) },
      ],
    ),
  ),
  'a file that is a directory too': {
    url: upstream.directory({
      'a/b': body('deep'),
      a: body('flat'),
      [MANIFEST]: body(line('a', 'flat') + line('a/b', 'deep')),
    }),
    error: /The path for file 'a\/b' overlaps: a/,
  },
  'two files with one path': {
    url: upstream.directory({
      'same.txt': body('one'),
      [MANIFEST]: body(line('same.txt', 'one') + line('same.txt', 'two')),
    }),
    error: /same\.txt/,
    remote: { policy: 'on_demand' },
  },
  'a loop of redirects': { url: upstream.directory({ [MANIFEST]: redirect(MANIFEST) }), error: /redirect/i },
  'an endless way of redirects': {
    url: upstream.directory({
      [MANIFEST]: redirect('0'),
      ...Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`${at}`, redirect(`${at + 1}`)])),
    }),
    error: /redirect/i,
  },
  'a redirect to a file of the machine': {
    url: upstream.directory({ [MANIFEST]: redirect('file:///etc/passwd') }),
    error: /file:/,
  },
  'an upstream that never answers': {
    url: upstream.directory({ [MANIFEST]: silent }),
    error: /[Tt]imeout/,
    remote: { sock_read_timeout: 1 },
  },
  'a file that stops coming': {
    url: upstream.directory({
      ...good,
      'bad.txt': stuck('0123456789'.repeat(1000)),
      [MANIFEST]: body(line('good.txt', 'good') + line('bad.txt', '0123456789'.repeat(1000))),
    }),
    error: /[Tt]imeout.*bad\.txt/,
    remote: { sock_read_timeout: 1 },
  },
};

for (const [what, { url, error, remote = {} }] of Object.entries(cases)) {
  test(`${what}: the sync fails with the reason and leaves nothing`, async () => {
    const repository = await running.repository();
    const { pulp_href } = await running.remote(url, remote);
    const before = await running.leftovers();
    const task = await running.run(`${repository.pulp_href}sync/`, { remote: pulp_href });
    assert.equal(task.state, 'failed');
    assert.match(task.error!.description, error);
    assert.deepEqual(task.created_resources, []);
    assert.ok(
      task.progress_reports.every((report) => report.state !== 'running'),
      JSON.stringify(task.progress_reports),
    );
    assert.equal(await running.latest(repository), 0);
    assert.deepEqual(running.temporaryFiles(), []);
    // Whole units that arrived before the error stay for the next attempt until orphans are cleaned up; halves never.
    await running.assertWhole();
    await running.run('orphans/cleanup/', { orphan_protection_time: 0 });
    assert.deepEqual(await running.leftovers(), before);
  });
}

test('an upstream that is only slow is waited for', async () => {
  const url = upstream.directory({
    'slow.txt': late('slow', 1500),
    [MANIFEST]: late(line('slow.txt', 'slow'), 1500),
  });
  const repository = await running.repository();
  const { pulp_href } = await running.remote(url, { sock_read_timeout: 20 });
  const task = await running.run(`${repository.pulp_href}sync/`, { remote: pulp_href });
  assert.equal(task.state, 'completed', JSON.stringify(task.error));
  assert.equal(await running.latest(repository), 1);
});

test('a failed sync leaves the versions before it, and is made good by the next one', async () => {
  const files: Record<string, ReturnType<typeof body>> = { ...good, [MANIFEST]: body(line('good.txt', 'good')) };
  const repository = await running.repository();
  const first = await running.remote(upstream.directory(files));
  await running.run(`${repository.pulp_href}sync/`, { remote: first.pulp_href });
  const broken = await running.remote(upstream.directory({ [MANIFEST]: body(line('new.txt', 'new')) }));
  const failed = await running.run(`${repository.pulp_href}sync/`, { remote: broken.pulp_href });
  assert.equal(failed.state, 'failed');
  assert.equal(await running.latest(repository), 1);
  const healed = await running.remote(
    upstream.directory({ 'new.txt': body('new'), [MANIFEST]: body(line('new.txt', 'new')) }),
  );
  const next = await running.run(`${repository.pulp_href}sync/`, { remote: healed.pulp_href });
  assert.equal(next.state, 'completed', JSON.stringify(next.error));
  assert.equal(await running.latest(repository), 2);
});

test('a sync that waits for upstream is canceled at once', async () => {
  const repository = await running.repository();
  const { pulp_href } = await running.remote(upstream.directory({ [MANIFEST]: silent }));
  const before = await running.leftovers();
  const href = await running.start(`${repository.pulp_href}sync/`, { remote: pulp_href });
  while ((await running.call('GET', href)).body.state === 'waiting');
  const { status } = await running.call('PATCH', href, { state: 'canceled' });
  assert.equal(status, 200);
  assert.equal((await running.ended(href, 20)).state, 'canceled');
  assert.deepEqual(await running.leftovers(), before);
});

test('after all that the server is alive', () => running.assertAlive());
