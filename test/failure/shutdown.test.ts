/** Tests of workers that are asked to end, politely and less so, and of those that only do a part of the work. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../src/db/sql.ts';
import { until, useCluster } from './cluster.ts';

const c = await useCluster();
afterEach(() => c.killAll());
const aborted = { reason: 'Aborted during worker shutdown.' };

test('SIGTERM and SIGHUP let the task finish however long it takes, and the worker takes no other', async () => {
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    const worker = await c.start('worker', { 'task-grace-interval': 1 });
    const id = await c.dispatch('sleep', { interval: 4 });
    const next = await c.dispatch('dummy_task');
    await c.running(id);
    assert.equal(await worker.stop(signal), 0);
    assert.equal((await c.taskRow(id)).state, 'completed');
    assert.equal((await c.taskRow(next)).state, 'waiting');
    assert.equal(await c.db.row(sql`select from app_status where app_type = 'worker'`), undefined);
    const heir = await c.start('worker');
    assert.equal((await c.ended(next)).state, 'completed');
    await heir.stop();
  }
});

test('SIGINT gives the task some time and then ends it as failed', async () => {
  const worker = await c.start('worker', { 'task-grace-interval': 2 });
  const [id, next] = [
    await c.dispatch('gooey_task', { interval: 600 }, ['i']),
    await c.dispatch('dummy_task', {}, ['i']),
  ];
  await c.running(id);
  const began = performance.now();
  const ended = worker.stop('SIGINT');
  await sleep(1000);
  assert.equal((await c.taskRow(id)).state, 'running');
  assert.equal(await ended, 0);
  assert.ok(performance.now() - began >= 2000);
  const row = await c.taskRow(id);
  assert.deepEqual([row.state, row.error], ['failed', aborted]);
  await c.start('worker');
  assert.equal((await c.ended(next)).state, 'completed');
});

test('a short task is let finish within the time that SIGINT gives', async () => {
  const worker = await c.start('worker');
  const id = await c.dispatch('sleep', { interval: 2 });
  await c.running(id);
  assert.equal(await worker.stop('SIGINT'), 0);
  assert.equal((await c.taskRow(id)).state, 'completed');
});

test('a second signal ends the task at once, whatever the first was', async () => {
  for (const first of ['SIGTERM', 'SIGINT'] as const) {
    const worker = await c.start('worker');
    const id = await c.dispatch('gooey_task', { interval: 600 });
    await c.running(id);
    worker.process.kill(first);
    await until('it has heard', () => worker.output.includes(`stops on ${first}`));
    assert.equal(await worker.stop('SIGTERM'), 0);
    const row = await c.taskRow(id);
    assert.deepEqual([row.state, row.error], ['failed', aborted]);
  }
});

test('a worker in a burst runs what there is and ends', async () => {
  const ids: number[] = [];
  for (let n = 0; n < 5; n++) ids.push(await c.dispatch('dummy_task', {}, ['burst']));
  const worker = await c.spawn('worker', {}, ['--burst']);
  await until('it ends by itself', () => worker.ended);
  assert.equal(worker.process.exitCode, 0, worker.output);
  for (const id of ids) assert.equal((await c.taskRow(id)).state, 'completed');
  const idle = await c.spawn('worker', {}, ['--burst']);
  await until('with nothing to do it ends as well', () => idle.ended);
  assert.equal(idle.process.exitCode, 0, idle.output);
});

test('an auxiliary worker runs tasks, but looks neither at schedules nor after the dead', async () => {
  const dead = await c.start('worker');
  const id = await c.dispatch('sleep', { interval: 600 }, ['auxiliary']);
  await c.running(id);
  dead.kill();
  await c.db.run(sql`insert into task_schedule (pulp_id, name, task_name, dispatch_interval)
    values (gen_random_uuid(), 'aux', 'pulpcore.app.tasks.test.dummy_task', '1 s')`);
  await c.start('worker', {}, ['--auxiliary']);
  assert.equal((await c.ended(await c.dispatch('dummy_task'))).state, 'completed');
  await sleep(6000);
  assert.equal((await c.taskRow(id)).state, 'running');
  const last = await c.db.row(sql`select last_task_id from task_schedule where name = 'aux'`);
  assert.deepEqual(last, { last_task_id: null });
  await c.start('worker');
  assert.equal((await c.ended(id)).state, 'failed');
  await until('it is dispatched', () =>
    c.db.row(sql`select from task_schedule where name = 'aux' and last_task_id is not null`),
  );
  await c.db.run(sql`delete from task_schedule where name = 'aux'`);
});

test('a process that cannot register ends with an error, so that its supervisor starts it again', async () => {
  const flags = { 'api-name-template': 'one', 'content-name-template': 'one' };
  for (const role of ['api', 'content'] as const) {
    await c.start(role, flags);
    const second = await c.spawn(role, flags);
    await until('it is refused', () => second.ended);
    assert.equal(second.process.exitCode, 1, second.output);
    assert.match(second.output, new RegExp(`Another ${role} process named one is alive`));
  }
});
