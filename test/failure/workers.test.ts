/** Tests of workers that are killed, frozen, replaced and all dead, as separate processes against one database. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../src/db/sql.ts';
import { until, useCluster } from './cluster.ts';

const c = await useCluster();
const missing = { reason: 'Worker has gone missing.' };
const ttl = 3;
/** Beyond the time to live. */
const allowance = 60;
afterEach(() => c.killAll());

async function locksOf(name: string): Promise<number> {
  return (await c.db.rows(sql`select from task_resource where resource = ${name}`)).length;
}

test('a killed worker: its task ends, its locks and files go, others go on', async () => {
  const [first, second] = [await c.start('worker'), await c.start('worker')];
  const id = await c.dispatch('sleep', { interval: 600 }, ['killed']);
  const next = await c.dispatch('dummy_task', {}, ['killed']);
  await c.running(id);
  const holder = String((await c.taskRow(id)).worker);
  const victim = [first, second].find((one) => holder.startsWith(`${one.process.pid}@`))!;
  const started = performance.now();
  victim.kill();
  // Unrelated work is not held up by the dead.
  const other = await c.dispatch('dummy_task', {}, ['other']);
  const unrelated = await c.ended(other);
  assert.equal(unrelated.state, 'completed');
  const ended = await c.ended(id, ttl + allowance);
  assert.deepEqual([ended.state, ended.error], ['failed', missing]);
  assert.ok(performance.now() - started < (ttl + allowance) * 1000);
  // The dead may be found out at once, as it was a process of this machine: so the wait is measured, not the order of the two ends.
  const waited = Date.parse(unrelated.finished_at!) - Date.parse(unrelated.pulp_created);
  assert.ok(waited < ttl * 1000, `unrelated work was held up for ${waited} ms`);
  assert.equal((await c.ended(next)).state, 'completed');
  assert.equal(await locksOf('killed'), 0);
  const directory = join(c.data, 'tmp');
  await until('its directory is gone', () => !existsSync(directory) || !readdirSync(directory).includes(holder));
  assert.equal(await c.db.row(sql`select from app_status where name = ${holder}`), undefined);
  await Promise.all([first, second].filter((one) => one !== victim).map((one) => one.stop()));
});

test('a worker restarted under its fixed name ends the task of its predecessor at once', async () => {
  // So long that whatever ends within the patience of this test has not waited for it.
  const flags = { 'worker-name-template': 'fixed', 'worker-ttl': 300 };
  const first = await c.start('worker', flags);
  const id = await c.dispatch('sleep', { interval: 600 }, ['fixed']);
  const next = await c.dispatch('dummy_task', {}, ['fixed']);
  await c.running(id);
  // A second one of that name is refused while the first lives.
  const second = await c.spawn('worker', flags);
  await until('the second is refused', () => second.ended);
  assert.notEqual(second.process.exitCode, 0);
  assert.match(second.output, /Another worker process named fixed is alive/);
  first.kill();
  const heir = await c.start('worker', flags);
  assert.deepEqual((await c.ended(id)).error, missing);
  assert.equal((await c.ended(next)).state, 'completed');
  assert.equal(await heir.stop(), 0);
});

test('a worker frozen past its time to live writes nothing more and registers anew', async () => {
  const [first, second] = [await c.start('worker'), await c.start('worker')];
  const id = await c.dispatch('sleep', { interval: 8 }, ['frozen']);
  await c.running(id);
  const name = String((await c.taskRow(id)).worker);
  const frozen = [first, second].find((one) => name.startsWith(`${one.process.pid}@`))!;
  frozen.freeze();
  const ended = await c.ended(id, ttl + allowance);
  assert.deepEqual([ended.state, ended.error], ['failed', missing]);
  frozen.thaw();
  await until('it registers anew', async () => c.db.row(sql`select from app_status where name = ${name}`));
  await sleep(1000);
  const later = await c.taskRow(id);
  assert.deepEqual([later.state, later.finished_at], ['failed', ended.finished_at]);
  // Both take work again.
  const both = await Promise.all([1, 2].map((n) => c.dispatch('sleep', { interval: 1 }, [`after ${n}`])));
  const workers = await Promise.all(both.map(async (one) => (await c.ended(one)).worker));
  assert.equal(new Set(workers).size, 2);
  await Promise.all([first.stop(), second.stop()]);
});

test('all workers dead: tasks are accepted and wait, and the first worker back runs them in order', async () => {
  const [worker, api] = [await c.start('worker'), await c.start('api')];
  worker.kill();
  const ids: number[] = [];
  for (let n = 0; n < 12; n++) ids.push(await c.dispatch('dummy_task', {}, ['in order']));
  const repository = await api.call('POST', 'repositories/file/file/', { name: c.name('r') });
  assert.equal(repository.status, 201);
  const { status, body } = await api.call('POST', `${repository.body.pulp_href}modify/`, { add_content_units: [] });
  assert.equal(status, 202);
  assert.equal((await api.get(body.task)).body.state, 'waiting');
  const back = await c.start('worker');
  for (const id of ids) assert.equal((await c.ended(id)).state, 'completed');
  assert.equal((await api.task(body.task)).state, 'completed');
  const rows = await c.db.rows<{ id: number }>(
    sql`select id from task where id = any (${ids}::bigint[]) order by started_at, id`,
  );
  assert.deepEqual(
    rows.map((row) => row.id),
    ids,
  );
  await Promise.all([back.stop(), api.stop()]);
});

test('another worker goes on with the schedules when the one that dispatches dies; missed runs collapse', async () => {
  const workers = [await c.start('worker'), await c.start('worker')];
  await c.db.run(sql`insert into task_schedule (pulp_id, name, task_name, dispatch_interval, next_dispatch)
    values (gen_random_uuid(), 'often', 'pulpcore.app.tasks.test.dummy_task', '2 s', clock_timestamp())`);
  const runs = async () =>
    (
      await c.db.rows(sql`select from task where name = 'pulpcore.app.tasks.test.dummy_task' and exists (
      select from task_schedule s where s.name = 'often' and task.pulp_created >= s.pulp_created)`)
    ).length;
  await until('it runs', async () => (await runs()) >= 1);
  const turn = await c.db.row<{ process: string }>(sql`select process from scheduler_turn`);
  const holder = workers.find((one) => turn!.process.startsWith(`${one.process.pid}@`))!;
  holder.kill();
  const before = await runs();
  const killed = performance.now();
  await until('it goes on', async () => (await runs()) > before, 2 + ttl + allowance);
  process.stdout.write(
    `the next run came ${((performance.now() - killed) / 1000).toFixed(1)} s after the scheduler died\n`,
  );
  c.killAll();
  await sleep(300);
  const last = await runs();
  await sleep(6500);
  assert.equal(await runs(), last, 'without a worker nothing is dispatched');
  // Three were missed: one run makes up for them, the next comes at its time on the grid.
  await c.db.run(sql`update task_schedule set dispatch_interval = '1 hour' where name = 'often'`);
  const back = await c.start('worker');
  await until('it runs again', async () => (await runs()) > last);
  await sleep(2500);
  assert.equal(await runs(), last + 1);
  const next = await c.db.row<{ ahead: boolean }>(
    sql`select next_dispatch > clock_timestamp() as ahead from task_schedule where name = 'often'`,
  );
  assert.deepEqual(next, { ahead: true });
  await c.db.run(sql`delete from task_schedule where name = 'often'`);
  await back.stop();
});
