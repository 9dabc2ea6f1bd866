/** Alternate content sources over their life: what is asked follows from the sources there are now, whatever was synced or deleted before. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { useUpstream } from '../content/upstream.ts';
import { useRunningServer } from '../support/running-server.ts';

const running = await useRunningServer();
const upstream = await useUpstream();
let number = 0;

type Place = { readonly at: string; readonly files: Record<string, string>; readonly remote: { pulp_href: string } };

/** A mirror with two files of its own, and a remote to it. */
async function mirror(files?: Record<string, string>): Promise<Place> {
  const at = `mirror-${++number}`;
  const own = files ?? { 'a.txt': `a of ${at}`, 'b.txt': `b of ${at}` };
  const remote = await running.remote(upstream.publish(at, own), { policy: 'on_demand' });
  return { at, files: own, remote };
}

const source = ({ remote }: Place): Promise<{ pulp_href: string }> =>
  running.create('acs/file/file/', { remote: remote.pulp_href });

async function refresh({ pulp_href: href }: { pulp_href: string }): Promise<void> {
  const { status, body } = await running.call('POST', `${href}refresh/`, {});
  assert.equal(status, 202, JSON.stringify(body));
  for (;;) {
    const { body: group } = await running.call('GET', body.task_group);
    if (group.completed + group.skipped + group.failed + group.canceled === group.tasks.length) {
      assert.equal(group.completed, group.tasks.length);
      return;
    }
    await sleep(50);
  }
}

async function drop({ pulp_href: href }: { pulp_href: string }): Promise<void> {
  const { status, body } = await running.call('DELETE', href);
  assert.equal(status, 202, JSON.stringify(body));
  assert.equal((await running.ended(body.task)).state, 'completed');
}

/** A sync from a server that has nothing but the manifest; tells how many files each place was asked for. */
async function syncFrom(
  files: Record<string, string>,
  ...places: Place[]
): Promise<{ state: string; asked: number[] }> {
  const main = `main-${++number}`;
  const url = upstream.publish(main, files);
  for (const path of Object.keys(files)) upstream.remove(`/${main}/${path}`);
  const repository = await running.repository();
  const remote = await running.remote(url, { max_retries: 0 });
  const before = upstream.requests.length;
  const { state } = await running.run(`${repository.pulp_href}sync/`, { remote: remote.pulp_href });
  const asked = upstream.requests.slice(before).filter((path) => !path.endsWith('PULP_MANIFEST'));
  return { state, asked: places.map(({ at }) => asked.filter((path) => path.startsWith(`/${at}/`)).length) };
}

const FOUND = { state: 'completed', asked: [2] };

test('one of two sources of a remote is deleted; the other goes on', async () => {
  const place = await mirror();
  const [one, other] = [await source(place), await source(place)];
  await refresh(one);
  await refresh(other);
  await drop(one);
  assert.deepEqual(await syncFrom(place.files, place), FOUND);
  await drop(other);
  const more = await mirror();
  assert.deepEqual(await syncFrom(more.files, place, more), { state: 'failed', asked: [0, 0] });
});

test('a repository was synced from the remote before it became a source', async () => {
  for (const deleted of [false, true]) {
    const place = await mirror();
    const repository = await running.repository();
    await running.run(`${repository.pulp_href}sync/`, { remote: place.remote.pulp_href });
    if (deleted) await drop(repository);
    await refresh(await source(place));
    assert.deepEqual(await syncFrom(place.files, place), FOUND);
  }
});

test('a repository is synced from the remote of a source', async () => {
  const place = await mirror();
  await refresh(await source(place));
  const repository = await running.repository();
  await running.run(`${repository.pulp_href}sync/`, { remote: place.remote.pulp_href });
  assert.deepEqual(await syncFrom(place.files, place), FOUND);
  const renewed = { ...place.files, 'c.txt': 'only after the refresh' };
  upstream.publish(place.at, renewed);
  await running.run(`${repository.pulp_href}sync/`, { remote: place.remote.pulp_href });
  assert.deepEqual(await syncFrom({ 'c.txt': renewed['c.txt']! }, place), { state: 'completed', asked: [1] });
});

test('a source is deleted and made again', async () => {
  const place = await mirror();
  const first = await source(place);
  await refresh(first);
  await drop(first);
  await refresh(await source(place));
  assert.deepEqual(await syncFrom(place.files, place), FOUND);
});

test('the remote of a source is changed, and changed back', async () => {
  const [old, fresh] = [await mirror(), await mirror()];
  upstream.publish(fresh.at, old.files);
  const acs = await source(old);
  await refresh(acs);
  const use = async ({ remote }: Place) => {
    const { status, body } = await running.call('PATCH', acs.pulp_href, { remote: remote.pulp_href });
    assert.equal(status, 202, JSON.stringify(body));
    assert.equal((await running.ended(body.task)).state, 'completed');
    await refresh(acs);
  };
  await use(fresh);
  assert.deepEqual(await syncFrom(old.files, old, fresh), { state: 'completed', asked: [0, 2] });
  const others = { 'x.txt': 'x in both', 'y.txt': 'y in both' };
  for (const { at } of [old, fresh]) upstream.publish(at, others);
  await use(old);
  assert.deepEqual(await syncFrom(others, old, fresh), { state: 'completed', asked: [2, 0] });
});

test('what a source lists too can be reclaimed', async () => {
  const place = await mirror();
  const repository = await running.repository();
  const remote = await running.remote(upstream.publish(`main-${++number}`, place.files));
  await running.run(`${repository.pulp_href}sync/`, { remote: remote.pulp_href });
  await refresh(await source(place));
  const reclaim = { repo_hrefs: [repository.pulp_href] };
  const task = await running.run('repositories/reclaim_space/', reclaim);
  assert.equal(task.state, 'completed');
  const left = (await running.call('GET', `content/file/files/?repository_version=${repository.pulp_href}versions/1/`))
    .body.results;
  assert.deepEqual(
    left.map((unit: { artifact: string | null }) => unit.artifact),
    [null, null],
  );
});
