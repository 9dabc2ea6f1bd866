/** Tests of the schedules of users over a running server: making, changing, pausing, removing, and what they do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { useUpstream } from '../content/upstream.ts';
import { until, useCluster } from '../failure/cluster.ts';

const c = await useCluster();
const upstream = await useUpstream();
const [api, worker] = [await c.start('api'), await c.start('worker')];
const path = 'task-schedules/';

async function newRepository(files: Record<string, string>): Promise<{ repository: string; prn: string }> {
  const name = c.name('scheduled');
  const url = upstream.publish(name, files);
  const remote = (await api.call('POST', 'remotes/file/file/', { name, url })).body.pulp_href;
  const { body } = await api.call('POST', 'repositories/file/file/', { name, remote });
  return { repository: body.pulp_href, prn: body.prn };
}

const refused = async (body: object) => {
  const answer = await api.call('POST', path, body);
  assert.equal(answer.status, 400, JSON.stringify(answer.body));
  return answer.body;
};

test('what a schedule must say', async () => {
  const { repository } = await newRepository({ a: 'a' });
  const whole = { name: 's', operation: 'sync', target: repository, dispatch_interval: '01:00:00' };
  const { target: _, ...without } = whole;
  assert.deepEqual(await refused(without), { target: ['This field is required.'] });
  assert.deepEqual(await refused({ ...whole, target: '/pulp/api/v3/repositories/file/file/x/' }), {
    target: ['This is no repository here.'],
  });
  assert.deepEqual(await refused({ ...whole, dispatch_interval: 'soon' }), {
    dispatch_interval: ['Enter a duration as [D ]HH:MM:SS.'],
  });
  assert.ok((await refused({ ...whole, cron: '0 4 * * *' })).non_field_errors);
  assert.ok((await refused({ ...whole, dispatch_interval: null, cron: '61 * * * *' })).cron);
  assert.ok((await refused({ ...whole, operation: 'dance' })).operation);
  const made = await api.call('POST', path, {
    ...whole,
    dispatch_interval: null,
    cron: '30 4 * * *',
    time_zone: 'Asia/Tokyo',
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.match(made.body.next_dispatch, /T19:30:00/);
  assert.deepEqual(await refused({ ...whole }), { name: ['This field must be unique.'] });
  assert.equal((await api.call('DELETE', made.body.pulp_href)).status, 204);
  const own = await until('the schedules of the settings are there', async () =>
    (await api.get(path)).body.results.find((one: { operation: string | null }) => one.operation === null),
  );
  assert.equal((await api.call('PATCH', own.pulp_href, { enabled: false })).status, 403);
  assert.equal((await api.call('DELETE', own.pulp_href)).status, 403);
});

test('a schedule syncs with the rights of its maker, publishes, is changed, paused and removed', async () => {
  const { repository, prn } = await newRepository({ 'one.txt': '1' });
  const made = await api.call('POST', path, {
    name: 'sync it',
    operation: 'sync',
    target: repository,
    dispatch_interval: '00:00:02',
    options: { mirror: true },
  });
  assert.deepEqual(
    [made.status, made.body.target, made.body.dispatch_interval],
    [201, prn, '00:00:02'],
    JSON.stringify(made.body),
  );
  await until('it has synced', async () => (await api.get(repository)).body.latest_version_href.endsWith('/1/'), 20);
  const schedule = async () => (await api.get(made.body.pulp_href)).body;
  const last = await until('its task ends', async () => {
    const { last_task } = await schedule();
    const { body } = last_task ? await api.get(last_task) : { body: undefined };
    return body?.state === 'completed' && body.child_tasks.length > 0 ? body : undefined;
  });
  assert.equal(last.name, 'deckle.app.tasks.schedule.perform');
  assert.equal((await api.task(last.child_tasks[0])).name, 'pulp_file.app.tasks.synchronizing.synchronize');

  const paused = await api.call('PATCH', made.body.pulp_href, { enabled: false });
  assert.deepEqual([paused.status, paused.body.enabled], [200, false]);
  const before = (await schedule()).last_task;
  await sleep(3500);
  assert.equal((await schedule()).last_task, before);
  const changed = await api.call('PATCH', made.body.pulp_href, { operation: 'publish', options: {}, enabled: true });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  await until('it has published', async () => (await api.get('publications/file/file/')).body.count > 0, 20);
  assert.equal((await api.call('DELETE', made.body.pulp_href)).status, 204);

  const orphans = { name: 'orphans', operation: 'orphan_cleanup', dispatch_interval: '10 00:00:00' };
  const cleanUp = await api.call('POST', path, { ...orphans, options: { orphan_protection_time: 0 } });
  assert.equal(cleanUp.status, 201, JSON.stringify(cleanUp.body));
  await until('orphans were cleaned up', async () => {
    const { body } = await api.get('tasks/?name=pulpcore.app.tasks.orphan.orphan_cleanup&state=completed');
    return body.results.some((task: { parent_task: string | null }) => task.parent_task !== null);
  });
});

test('a scheduled publication is made where the type of the repository has its publications', async () => {
  const { body: repository } = await api.call('POST', 'repositories/python/python/', { name: c.name('published') });
  const made = await api.call('POST', path, {
    name: 'publish an index',
    operation: 'publish',
    target: repository.pulp_href,
    dispatch_interval: '1 00:00:00',
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const last = await until('its task ends', async () => {
    const { last_task } = (await api.get(made.body.pulp_href)).body;
    const { body } = last_task ? await api.get(last_task) : { body: undefined };
    return body?.finished_at ? body : undefined;
  });
  assert.deepEqual([last.state, last.error], ['completed', null]);
  const published = `publications/python/pypi/?repository=${repository.pulp_href}`;
  await until('it has published', async () => (await api.get(published)).body.count === 1, 20);
  assert.equal((await api.call('DELETE', made.body.pulp_href)).status, 204);
});

test('why a task waits', async () => {
  const first = await c.dispatch('sleep', { interval: 600 }, ['contended']);
  await c.running(first);
  const second = await c.dispatch('dummy_task', {}, ['contended']);
  const third = await c.dispatch('dummy_task', {}, ['free']);
  const href = async (id: number) => `/pulp/api/v3/tasks/${(await c.taskRow(id)).pulp_id}/`;
  const { status, body } = await api.get(`${await href(second)}blocked_by/`);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.reason, 'Earlier tasks hold or wait for what it needs.');
  assert.deepEqual(body.locks, [
    {
      resource: 'contended',
      wants_exclusive: true,
      held_exclusive: true,
      task_state: 'running',
      task: await href(first),
      task_name: 'pulpcore.app.tasks.test.sleep',
    },
  ]);
  const free = await api.get(`${await href(third)}blocked_by/`);
  assert.equal(free.body.reason, 'It waits for a worker to be free.');
  worker.kill();
  await until(
    'nobody is online',
    async () => (await api.get(`${await href(third)}blocked_by/`)).body.reason === 'No worker is online.',
  );
});
