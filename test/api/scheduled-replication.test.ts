/** Schedules that replicate a second, real server, and who may have schedules at all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileForm, type Member, until, useCluster } from '../failure/cluster.ts';

const [above, below] = [await useCluster(), await useCluster()];
const up = await above.start('web');
const [down, worker] = [await below.start('web'), await below.start('worker')];
await above.start('worker');

async function publish(server: Member, path: string, text: string): Promise<void> {
  const { results } = (await server.get('repositories/file/file/?name=replicated')).body;
  const repository =
    results[0]?.pulp_href ??
    (await server.call('POST', 'repositories/file/file/', { name: 'replicated', autopublish: true })).body.pulp_href;
  const unit = await server.done('POST', 'content/file/files/', fileForm(text, { relative_path: path, repository }));
  assert.equal(unit.state, 'completed', JSON.stringify(unit.error));
  if (results.length > 0) return;
  const distribution = { name: 'replicated', base_path: 'replicated', repository };
  assert.equal((await server.done('POST', 'distributions/file/file/', distribution)).state, 'completed');
}

const served = async (path: string) => {
  const response = await fetch(`${down.url}/pulp/content/replicated/${path}`);
  return response.status === 200 ? await response.text() : undefined;
};

test('an upstream server is replicated again and again, until the schedule is paused', async () => {
  await publish(up, 'first.txt', 'first');
  const upstream = await down.call('POST', 'upstream-pulps/', {
    name: 'above',
    base_url: up.url,
    api_root: '/pulp/',
    username: 'admin',
    password: 'password',
    policy: 'all',
  });
  assert.equal(upstream.status, 201, JSON.stringify(upstream.body));
  const schedule = { name: 'replicate', operation: 'replicate', target: upstream.body.pulp_href };
  const made = await down.call('POST', 'task-schedules/', { ...schedule, dispatch_interval: '00:00:02' });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  await until('the first file is here', async () => (await served('first.txt')) === 'first');
  await publish(up, 'second.txt', 'second');
  await until('the second file is here', async () => (await served('second.txt')) === 'second');
  // Whoever runs the schedules is replaced: they go on.
  worker.kill();
  await publish(up, 'third.txt', 'third');
  await below.start('worker');
  await until('the third file is here', async () => (await served('third.txt')) === 'third');

  const { pulp_href: href } = made.body;
  assert.equal((await down.call('PATCH', href, { enabled: false })).body.enabled, false);
  const runs = async () => (await down.get('tasks/?name=deckle.app.tasks.schedule.perform')).body.count;
  const unfinished = 'tasks/?state__in=waiting,running';
  await until('nothing is under way', async () => (await down.get(unfinished)).body.count === 0);
  const before = await runs();
  await sleep(4500);
  assert.equal(await runs(), before);
  const failed = await down.get('tasks/?state=failed&fields=name,error');
  for (const { error } of failed.body.results) assert.equal(error.reason, 'Worker has gone missing.');
  const changed = await down.call('PATCH', href, {
    dispatch_interval: null,
    cron: '0 4 * * *',
    time_zone: 'Europe/Berlin',
  });
  assert.deepEqual([changed.status, changed.body.cron], [200, '0 4 * * *'], JSON.stringify(changed.body));
  assert.equal((await down.call('DELETE', href)).status, 204);
  assert.equal((await down.get(href)).status, 404);
});

test('others than administrators may have no schedules, and see none', async () => {
  const password = 'correct horse battery';
  assert.equal((await down.call('POST', 'users/', { username: 'alice', password })).status, 201);
  const { body: repository } = await down.call('POST', 'repositories/file/file/', { name: 'hers' });
  const owner = { users: ['alice'], role: 'file.filerepository_owner' };
  assert.equal((await down.call('POST', `${repository.pulp_href}add_role/`, owner)).status, 201);
  const body = { name: 'hers', operation: 'publish', target: repository.pulp_href, dispatch_interval: '01:00:00' };
  const made = await down.call('POST', 'task-schedules/', body);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const as = async (method: string, path: string, given?: object) => {
    const response = await fetch(path.startsWith('/') ? down.url + path : `${down.url}/pulp/api/v3/${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`alice:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(given && { body: JSON.stringify(given) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  assert.equal((await as('POST', 'task-schedules/', { ...body, name: 'another' })).status, 403);
  const list = await as('GET', 'task-schedules/');
  assert.ok(list.status === 403 || list.body.count === 0, JSON.stringify(list));
  for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
    const { status } = await as(method, made.body.pulp_href, method === 'PATCH' ? { enabled: false } : undefined);
    assert.ok(status === 403 || status === 404, `${method}: ${status}`);
  }
  assert.equal((await down.get(made.body.pulp_href)).body.enabled, true);
});
