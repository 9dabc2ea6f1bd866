/** Flaws F9 to F16: credentials, one moment of upstream, deletions, clocks, the switch, failures. */
import assert from 'node:assert/strict';
import type { Lie } from './lying-proxy.ts';
import type { Json } from './servers.ts';
import type { Scenarios } from './world.ts';

const FILES = 'distributions/file/file/';
const LIST = '/distributions/file/file/?';

export const runScenarios: Scenarios = {
  'F9: credentials of the upstream open guarded content, and go with the remotes': async ({ replica, a }) => {
    const guard = await a.make('contentguards/core/rbac/', { name: `members ${a.domain}` });
    const { distribution } = await a.serve('closed', { f: 'secret' }, { content_guard: guard.pulp_href });
    const open = await fetch(new URL(`${distribution.base_url.replace(/\/$/, '')}/f`, a.server.url));
    assert.equal(open.status, 403);
    const href = await replica.upstream(a);
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.equal(await replica.read('closed/f'), 'secret');
    const [remote] = (await replica.get('remotes/file/file/')).results;
    const set = remote.hidden_fields.filter((one: Json) => one.is_set).map((one: Json) => one.name);
    assert.deepEqual(set.sort(), ['password', 'username']);
    await replica.change(href, { password: 'wrong', remote_policy: 'immediate' });
    assert.equal((await replica.replicate(href)).state, 'failed');
    assert.equal(await replica.read('closed/f'), 'secret');
  },

  'F10: what goes live together was upstream at one moment': async ({ replica, a }) => {
    const [x, y] = [await a.serve('x', { f: '0' }), await a.serve('y', { f: '0' })];
    const href = await replica.upstream(a);
    assert.deepEqual((await replica.replicate(href)).errors, []);
    // x is always the first to be changed: at every moment it is as new as y or one newer.
    const changes = (async () => {
      for (let at = 1; at <= 4; at++) {
        await a.publish(x.repository, { f: String(at) });
        await a.publish(y.repository, { f: String(at) });
      }
    })();
    let over = false;
    const ended = changes.finally(() => {
      over = true;
    });
    while (!over) {
      assert.deepEqual((await replica.replicate(href)).errors, []);
      const [ofX, ofY] = [Number(await replica.read('x/f')), Number(await replica.read('y/f'))];
      assert.ok(ofX - ofY === 0 || ofX - ofY === 1, `x ${ofX}, y ${ofY}`);
    }
    await ended;
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.deepEqual([await replica.read('x/f'), await replica.read('y/f')], ['4', '4']);
  },

  'F11: nothing is deleted because a list left it out; deletions are limited': async ({ replica, a, liar }) => {
    for (const name of ['one', 'two', 'three']) await a.serve(name, { f: name });
    const { peer, proxy } = await liar();
    const href = await replica.upstream(peer, { name: 'liar', max_delete: '100%' });
    assert.deepEqual((await replica.replicate(href)).errors, []);
    const without =
      (gone: (name: string) => boolean): Lie =>
      (path, answer) => {
        if (!path.includes(LIST) || path.includes('pulp_href__in')) return undefined;
        const results = answer.body.results.filter((one: Json) => !gone(one.name));
        return { ...answer, body: { ...answer.body, count: results.length, results } };
      };
    for (const lie of [without((name) => name === 'two'), without(() => true)]) {
      proxy.lie = lie;
      const result = await replica.replicate(href);
      assert.match(result.errors.join(), /PLP0014.*leaves out '(one|two|three)'.*upstream 'liar'/);
      assert.deepEqual(await replica.names(), ['one', 'three', 'two']);
    }
    proxy.lie = () => undefined;
    await replica.change(href, { max_delete: '1' });
    for (const name of ['one', 'two']) await a.remove((await a.distribution(name)).pulp_href);
    assert.match((await replica.replicate(href)).errors.join(), /too_many_deletes: 2 .*max_delete allows 1 of 3/);
    assert.deepEqual(await replica.names(), ['one', 'three', 'two']);
    await replica.change(href, { max_delete: '2' });
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.deepEqual(await replica.names(), ['three']);
  },

  'F12: times of upstream play no part': async ({ replica, a, liar }) => {
    const { repository } = await a.serve('timeless', { f: 'old' });
    const { peer, proxy } = await liar();
    proxy.lie = (path, answer) => {
      if (!path.includes('/api/v3/')) return undefined;
      const text = JSON.stringify(answer.body).replace(/"20\d\d-\d\d-\d\dT[^"]+Z"/g, '"2001-01-01T00:00:00.000000Z"');
      return { ...answer, body: JSON.parse(text) };
    };
    const href = await replica.upstream(peer);
    assert.deepEqual((await replica.replicate(href)).errors, []);
    await a.publish(repository, { f: 'new' });
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.equal(await replica.read('timeless/f'), 'new');
  },

  'F13: the version of the run goes live, not a later one made here': async ({ replica, a }) => {
    await a.serve('exact', { f: 'theirs' });
    const href = await replica.upstream(a, { activate: 'manual' });
    assert.deepEqual((await replica.replicate(href)).errors, []);
    const run = await replica.lastRun(href);
    assert.equal(run.state, 'ready');
    const [repository] = (await replica.get('repositories/file/file/')).results;
    const unit = await replica.file('foreign', 'not from upstream');
    await replica.make(`${repository.pulp_href}modify/`, { add_content_units: [unit] });
    await replica.make(`${run.pulp_href}activate/`, {});
    assert.deepEqual([await replica.read('exact/f'), await replica.read('exact/foreign')], ['theirs', 404]);
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.equal(await replica.read('exact/foreign'), 404);
  },

  'F14: base paths are swapped and names passed on in a chain, over all types': async ({ replica, a }) => {
    const ups: Record<string, string> = {};
    for (const name of ['p', 'q', 'r']) ups[name] = (await a.serve(name, { f: name })).distribution.pulp_href;
    const href = await replica.upstream(a);
    assert.deepEqual((await replica.replicate(href)).errors, []);
    const ids = new Map<string, string>();
    for (const name of ['p', 'q', 'r']) ids.set(name, (await replica.distribution(name)).prn);
    // p becomes q, q becomes r, r becomes p, the paths of the first two are swapped
    for (const [name, body] of [
      ['r', { name: 'waiting' }],
      ['q', { name: 'r', base_path: 'waiting' }],
      ['p', { name: 'q', base_path: 'q' }],
      ['q', { base_path: 'p' }],
      ['r', { name: 'p' }],
    ] as const) {
      await a.change(ups[name]!, body);
    }
    assert.deepEqual((await replica.replicate(href)).errors, []);
    const reads = await Promise.all(['p/f', 'q/f', 'r/f'].map((path) => replica.read(path)));
    assert.deepEqual(reads, ['q', 'p', 'r']);
    const upstream = (await a.get(`${FILES}?ordering=name`)).results;
    const here = (await replica.get(`${FILES}?ordering=name`)).results;
    const shape = (list: Json[]) => list.map((one) => [one.name, one.base_path]);
    assert.deepEqual(shape(here), shape(upstream));
    assert.deepEqual(here.map((one: Json) => one.prn).sort(), [...ids.values()].sort());
    const index = await replica.make('repositories/python/python/', { name: 'index' });
    await replica.make('distributions/python/pypi/', { name: 'index', base_path: 'py', repository: index.pulp_href });
    await replica.change(href, { policy: 'labeled' });
    await a.serve('index', { f: 'index' });
    assert.match(
      (await replica.replicate(href)).errors.join(),
      /local_unlabeled: .*'index'.*python\.python distribution 'index'/,
    );
  },

  'F15: a failed item stops everything, or only itself when the upstream says so': async ({
    replica,
    a,
    serveBroken,
  }) => {
    await a.serve('good', { f: 'good' });
    await serveBroken(a, 'bad');
    const href = await replica.upstream(a, { max_retries: 0 });
    assert.equal((await replica.replicate(href)).state, 'failed');
    assert.deepEqual([await replica.read('good/f'), await replica.names()], [404, []]);
    assert.equal((await replica.lastRun(href)).state, 'failed');
    await replica.change(href, { on_failure: 'exclude' });
    await replica.replicate(href);
    const run = await replica.lastRun(href);
    assert.equal(run.state, 'partial');
    const states = Object.fromEntries(run.items.map((one: Json) => [one.name, one.state]));
    assert.deepEqual(states, { good: 'active', bad: 'failed' });
    assert.deepEqual([await replica.read('good/f'), await replica.names()], ['good', ['good']]);
  },

  'F16: every message names type, distribution, upstream and reason, and every item has a state': async (world) => {
    const { replica, a, serveBroken } = world;
    await a.serve('fine', { f: 'fine' });
    for (const name of ['bad-1', 'bad-2']) await serveBroken(a, name);
    const href = await replica.upstream(a, { name: 'Far', max_retries: 0 });
    const result = await replica.replicate(href);
    const told = result.errors.find((one) => one.includes('PLP0018'))!;
    assert.match(told, /2 subtask\(s\) did not complete/);
    for (const name of ['bad-1', 'bad-2']) {
      assert.match(told, new RegExp(`file\\.file distribution '${name}' of upstream 'Far': .*\\b(404|50\\d)\\b`));
    }
    const run = await replica.lastRun(href);
    assert.equal(run.error.failures.length, 2);
    for (const item of run.items) {
      assert.equal(item.state, item.name === 'fine' ? 'staged' : 'failed');
      assert.equal(item.error === null, item.name === 'fine');
      assert.equal((await replica.get(item.task)).state, item.name === 'fine' ? 'completed' : 'failed');
    }
  },
};
