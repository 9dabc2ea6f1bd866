/** Runs that are cut off: canceled, or with their server killed. What was fetched is not fetched again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { killAll } from '../support/processes.ts';
import { makeDataDirectory } from '../support/server.ts';
import { type LyingProxy, lyingProxy } from './lying-proxy.ts';
import { type Json, type Peer, startPeer } from './servers.ts';

const NAMES = ['quick-1', 'quick-2', 'quick-3', 'slow'];

/** Until every item but the slow one has been fetched. */
async function fetchedButOne(replica: Peer, href: string): Promise<Json> {
  for (;;) {
    const { results } = await replica.get(`${href}runs/?limit=1`);
    const run = results.length > 0 ? await replica.get(results[0].pulp_href) : { items: [] };
    if (run.items.filter((item: Json) => item.state === 'staged').length === NAMES.length - 1) return run;
    await sleep(50);
  }
}

const contentAsked = (proxy: LyingProxy) =>
  proxy.asked.filter((path) => path.includes('/content/') && !path.includes('/api/'));

test('a run that is cut off is carried on', { timeout: 300_000 }, async (t) => {
  const data = makeDataDirectory();
  const settings = { workers: 2, worker_ttl: 3, admin_password: 'secret' };
  const [upstream, first] = await Promise.all([startPeer(), startPeer({ data, settings })]);
  let replica = first;
  const repositories: string[] = [];
  for (const name of NAMES) repositories.push((await upstream.serve(name, { f: `${name} 0` })).repository);
  const proxy = await lyingProxy(upstream.server);
  const href = await replica.upstream(proxy.server, { max_retries: 0 });
  assert.deepEqual((await replica.replicate(href)).errors, []);

  const change = async (generation: number, slow = true) => {
    for (const [at, repository] of repositories.entries()) {
      await upstream.publish(repository, { f: `${NAMES[at]} ${generation}` });
    }
    proxy.lie = (path) => (slow && path.endsWith('/slow/f') ? 'hang' : undefined);
    return (await replica.call('POST', `${href}replicate/`, {})).body.task_group as string;
  };
  const reads = () => Promise.all(NAMES.map((name) => replica.read(`${name}/f`)));
  const all = (generation: number) => NAMES.map((name) => `${name} ${generation}`);
  const fetchesOnlySlow = async (generation: number, carryOn: () => Promise<void>) => {
    assert.deepEqual(await reads(), all(generation - 1));
    proxy.lie = () => undefined;
    proxy.asked.length = 0;
    await carryOn();
    const asked = contentAsked(proxy);
    assert.ok(asked.length > 0 && asked.every((path) => path.includes('/slow/')), asked.join());
    assert.deepEqual(await reads(), all(generation));
    assert.deepEqual((await replica.plan(href)).body.items, []);
  };

  await t.test('canceled, then retried', async () => {
    const group = await change(1);
    const run = await fetchedButOne(replica, href);
    const canceled = await replica.call('PATCH', group, { state: 'canceled' });
    assert.ok(canceled.status < 300, JSON.stringify(canceled.body));
    await replica.follow(group);
    assert.equal((await replica.get(run.pulp_href)).state, 'canceled');
    await fetchesOnlySlow(1, async () => {
      const { body } = await replica.call('POST', `${run.pulp_href}retry/`, {});
      assert.deepEqual((await replica.follow(body.task_group)).errors, []);
      assert.equal((await replica.get(run.pulp_href)).state, 'active');
    });
  });

  await t.test('started three times at once', async () => {
    const groups = [await change(2, false)];
    for (const _ of [1, 2]) groups.push((await replica.call('POST', `${href}replicate/`, {})).body.task_group);
    for (const group of groups) assert.deepEqual((await replica.follow(group)).errors, []);
    assert.deepEqual(await reads(), all(2));
  });

  // The last one: the server it starts ends with it.
  await t.test('killed with its whole server, then run anew', async () => {
    await change(3);
    await fetchedButOne(replica, href);
    killAll(replica.server.processes());
    const { port } = replica.server;
    replica = await startPeer({ data, settings: { ...settings, bind: `127.0.0.1:${port}` } });
    await fetchesOnlySlow(3, async () => {
      assert.deepEqual((await replica.replicate(href)).errors, []);
    });
  });
});
