/** Flaws F17 to F24: unchanged runs, rights, what is copied, and what clients see. */
import assert from 'node:assert/strict';
import type { Json, Peer } from './servers.ts';
import type { Scenarios } from './world.ts';

const FILES = 'distributions/file/file/';
const LIST = '/distributions/file/file/?';

export const viewScenarios: Scenarios = {
  'F17: a run with nothing to do costs one task, one list and no request for content': async ({ replica, a, liar }) => {
    for (const name of ['k1', 'k2', 'k3']) await a.serve(name, { f: name });
    const { peer, proxy } = await liar();
    const href = await replica.upstream(peer);
    assert.deepEqual((await replica.replicate(href)).errors, []);
    proxy.asked.length = 0;
    const result = await replica.replicate(href);
    assert.deepEqual([result.errors, result.tasks.length], [[], 1]);
    assert.equal(proxy.asked.filter((path) => path.includes(LIST)).length, 1);
    // Servers of another kind do not tell in that list what is served: a list of repositories and one of publications more.
    assert.ok(proxy.asked.filter((path) => path.includes('/file/file/?')).length <= 3, proxy.asked.join());
    assert.ok(!proxy.asked.some((path) => path.includes('/content/')));
    assert.deepEqual((await replica.plan(href)).body.items, []);
  },

  'F18: rights of what a plan does are checked, and names are unique per domain': async ({ replica, a, b }) => {
    await a.serve('offered', { f: 'offered' });
    await replica.serve('private', { f: 'private' });
    const href = await replica.upstream(a, { name: 'same name', max_delete: '100%' });
    const name = `user-${replica.domain}`;
    const user = await replica.make('users/', {
      username: name,
      password: 'not-so-secret-1',
    });
    assert.ok(user.pulp_href);
    await replica.call('POST', `${href}add_role/`, { role: 'core.upstreampulp_user', users: [name] });
    const as = withUser(replica, name, 'not-so-secret-1');
    const refused = await as('POST', `${href}replicate/`, {});
    assert.equal(refused.status, 202, JSON.stringify(refused.body));
    const group = await replica.follow(refused.body.task_group);
    assert.match(
      group.errors.join(),
      /delete of file\.file distribution 'private' needs file\.delete_filedistribution/,
    );
    assert.deepEqual([await replica.names(), await replica.read('private/f')], [['private'], 'private']);
    await replica.change(href, { policy: 'labeled' });
    const allowed = await as('POST', `${href}replicate/`, {});
    assert.deepEqual((await replica.follow(allowed.body.task_group)).errors, []);
    assert.deepEqual(await replica.names(), ['offered', 'private']);
    const other = await replica.inNewDomain(`${replica.domain}x`);
    await other.upstream(b, { name: 'same name' });
    await assert.rejects(other.upstream(b, { name: 'same name' }), /must be unique/);
  },

  'F19: guards on request, retention, hidden and description are copied': async ({ replica, a }) => {
    const guard = { name: `tokens ${a.domain}`, header_name: 'X-Token', header_value: 'sesame' };
    const theirs = await a.make('contentguards/core/header/', guard);
    const { repository, distribution } = await a.serve('full', { f: 'full' }, { hidden: true });
    await a.change(repository, { description: 'everything', retain_repo_versions: 3 });
    const href = await replica.upstream(a);
    assert.deepEqual((await replica.replicate(href)).errors, []);
    const [copy] = (await replica.get('repositories/file/file/')).results;
    assert.deepEqual([copy.description, copy.retain_repo_versions], ['everything', 3]);
    assert.deepEqual(
      [(await replica.distribution('full')).hidden, (await replica.distribution('full')).content_guard],
      [true, null],
    );
    const ours = await replica.make('contentguards/core/header/', guard);
    await replica.change(href, { copy_guards: true });
    await a.change(distribution.pulp_href, { content_guard: theirs.pulp_href });
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.equal((await replica.distribution('full')).content_guard, ours.pulp_href);
    await a.change(distribution.pulp_href, { hidden: false, content_guard: null });
    await a.change(repository, { retain_repo_versions: 5 });
    assert.deepEqual((await replica.replicate(href)).errors, []);
    const now = await replica.distribution('full');
    assert.deepEqual([now.hidden, now.content_guard], [false, null]);
    assert.equal((await replica.get('repositories/file/file/')).results[0].retain_repo_versions, 5);
  },

  'F20: the API root is understood with and without slashes': async ({ replica, a }) => {
    await a.serve('root', { f: 'root' });
    for (const [at, api_root] of ['pulp', '/pulp', 'pulp/', '/pulp/'].entries()) {
      const href = await replica.upstream(a, { name: `root ${at}`, api_root, owner_key: 'roots' });
      assert.equal((await replica.get(href)).api_root, '/pulp/');
      assert.deepEqual((await replica.replicate(href)).errors, []);
      assert.equal(await replica.read('root/f'), 'root');
    }
  },

  'F21: through a rename readers see 200 all the time, old bytes and then new': async ({ replica, a }) => {
    const { repository, distribution } = await a.serve('before', { f: '0' }, { base_path: 'steady' });
    const href = await replica.upstream(a);
    assert.deepEqual((await replica.replicate(href)).errors, []);
    const seen: (string | number)[] = [];
    let reading = true;
    const reader = (async () => {
      while (reading) seen.push(await replica.read('steady/f'));
    })();
    for (let at = 1; at <= 3; at++) {
      await a.change(distribution.pulp_href, { name: `after ${at}` });
      await a.publish(repository, { f: String(at) });
      assert.deepEqual((await replica.replicate(href)).errors, []);
    }
    reading = false;
    await reader;
    assert.deepEqual([...new Set(seen)], ['0', '1', '2', '3']);
    assert.deepEqual(seen, [...seen].sort());
    assert.deepEqual(await replica.names(), ['after 3']);
    assert.deepEqual(await replica.names('repositories/file/file/'), ['after 3']);
  },

  'F22: once a run says completed, every process answers new, and none old after new': async ({ replica, a }) => {
    const names = ['c1', 'c2'];
    const all = [];
    for (const name of names) all.push(await a.serve(name, { f: '0' }));
    const href = await replica.upstream(a);
    assert.deepEqual((await replica.replicate(href)).errors, []);
    const wrong: string[] = [];
    let reading = true;
    const watch = async (order: string[]) => {
      while (reading) {
        const [first, second] = [await replica.read(`${order[0]}/f`), await replica.read(`${order[1]}/f`)];
        if (Number(second) < Number(first)) wrong.push(`${order[0]} ${first}, then ${order[1]} ${second}`);
      }
    };
    const watchers = [watch(names), watch([...names].reverse()), watch(names)];
    for (let at = 1; at <= 4; at++) {
      for (const { repository } of all) await a.publish(repository, { f: String(at) });
      assert.deepEqual((await replica.replicate(href)).errors, []);
      const reads = await Promise.all(Array.from({ length: 12 }, (_, n) => replica.read(`${names[n % 2]}/f`)));
      assert.deepEqual([...new Set(reads)], [String(at)]);
    }
    reading = false;
    await Promise.all(watchers);
    assert.deepEqual(wrong, []);
  },

  'F23: labels of upstream arrive, ours is added': async ({ replica, a }) => {
    const { distribution } = await a.serve('tagged', { f: 'tagged' }, { pulp_labels: { stage: 'test', empty: '' } });
    const href = await replica.upstream(a);
    const own = { UpstreamPulp: href.split('/').at(-2) };
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.deepEqual((await replica.distribution('tagged')).pulp_labels, { stage: 'test', empty: '', ...own });
    await a.change(distribution.pulp_href, { pulp_labels: { stage: 'live' } });
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.deepEqual((await replica.distribution('tagged')).pulp_labels, { stage: 'live', ...own });
    assert.equal((await replica.get(`${FILES}?pulp_label_select=UpstreamPulp`)).count, 1);
  },

  'F24: a list whose pages never end is given up, with upstream, type and page': async ({ replica, a, liar }) => {
    await a.serve('endless', { f: 'endless' });
    const { peer, proxy } = await liar();
    const href = await replica.upstream(peer, { name: 'treadmill' });
    let pages = 0;
    let row: Json;
    proxy.lie = (path, answer) => {
      if (!path.includes(LIST)) return undefined;
      row ??= answer.body.results[0];
      const results = Array.from({ length: 2000 }, () => ({
        ...row,
        pulp_href: row.pulp_href.replace(/[^/]+\/$/, `${++pages}/`),
      }));
      return { ...answer, body: { count: 500_000 + pages, next: `${proxy.server.url}${path}`, results } };
    };
    const result = await replica.replicate(href);
    assert.match(result.errors.join(), /distributions\/file\/file\/, page 2, .*upstream 'treadmill'/);
    proxy.lie = (path, answer) =>
      path.includes(LIST) ? { ...answer, body: { ...answer.body, next: `${proxy.server.url}${path}` } } : undefined;
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.equal(await replica.read('endless/f'), 'endless');
  },
};

function withUser(peer: Peer, name: string, password: string) {
  const authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  return async (method: string, path: string, body: object) => {
    const headers = { authorization, 'content-type': 'application/json' };
    const response = await peer.server.fetch(path, { method, headers, body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as Json };
  };
}
