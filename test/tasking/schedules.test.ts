/** Tests of schedules and of the purge of old tasks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { byName } from '../../src/tasking/context/run-task.ts';
import { testTasks } from '../../src/tasking/context/test-tasks.ts';
import { dispatch } from '../../src/tasking/queue/dispatch.ts';
import { joinQueue } from '../../src/tasking/queue/join-queue.ts';
import { purgeTask } from '../../src/tasking/queue/purge.ts';
import { configureSchedules } from '../../src/tasking/schedules/configure-schedules.ts';
import { dispatchDueSchedules } from '../../src/tasking/schedules/schedules.ts';
import { exited, startWorker, useTasking } from './tasking-support.ts';

const t = await useTasking();

interface Schedule {
  name: string;
  next: number | null;
  last_task_id: string | null;
}

/** Schedules with the seconds until their next run. */
function schedules(): Promise<Schedule[]> {
  return t.db.rows<Schedule>(sql`
    select name, round(extract(epoch from next_dispatch - now()))::int as next, last_task_id from task_schedule order by name`);
}

async function add(
  name: string,
  more: { due?: string; interval?: string | null; cron?: string | null } = {},
): Promise<void> {
  const { due = '0', interval = null, cron = null } = more;
  await t.db.run(sql`insert into task_schedule (pulp_id, name, task_name, next_dispatch, dispatch_interval, cron, arguments)
    values (gen_random_uuid(), ${name}, 'pulpcore.app.tasks.test.dummy_task', now() - ${due}::interval, ${interval}::interval, ${cron},
      ${t.services.secrets.encrypt('{"a":1}')})`);
}

test('missed runs become one, on the grid of the interval; a run waits for the one before it', async () => {
  await add('hourly', { due: '3h 20min', interval: '1h' });
  await add('once', { due: '1s' });
  await add('later', { due: '-1h', interval: '1h' });
  await add('cron', { due: '1s', cron: '0 0 * * *' });
  await add('bad', { due: '1s', cron: 'nonsense' });
  const ids = await dispatchDueSchedules(t.services);
  assert.equal(ids.length, 4);
  const byNameNow = new Map((await schedules()).map((row) => [row.name, row]));
  assert.ok(Math.abs(byNameNow.get('hourly')!.next! - 40 * 60) < 5);
  assert.equal(byNameNow.get('once')!.next, null);
  assert.equal(byNameNow.get('bad')!.next, null);
  assert.ok(byNameNow.get('cron')!.next! <= 86_400);
  assert.equal(byNameNow.get('later')!.last_task_id, null);
  assert.ok(byNameNow.get('hourly')!.last_task_id);
  await t.db.run(sql`update task_schedule set next_dispatch = now() - interval '1 s' where name = 'hourly'`);
  assert.deepEqual(await dispatchDueSchedules(t.services), []);
  await t.db.run(sql`update task set state = 'completed', finished_at = now()`);
  assert.equal((await dispatchDueSchedules(t.services)).length, 1);
  await t.db.run(sql`update task set state = 'completed', finished_at = now()`);
  await t.db.run(sql`delete from task_resource`);
});

test('many who look at once dispatch once', async () => {
  await t.db.run(sql`update task_schedule set next_dispatch = now() - interval '1 s' where name = 'hourly'`);
  const all = await Promise.all(Array.from({ length: 5 }, () => dispatchDueSchedules(t.services)));
  assert.equal(all.flat().length, 1);
  await t.db.run(sql`delete from task_schedule`);
});

test('schedules of the settings come, change and go', async () => {
  const settings = { ...t.settings, taskProtectionTime: 60, orphanProtectionTime: 1440 };
  await configureSchedules(t.db, settings, { has: () => true });
  assert.deepEqual(
    (await schedules()).map((row) => row.name),
    ['Clean up stale content periodically', 'Clean up stale tasks periodically'],
  );
  await t.db.run(sql`update task_schedule set next_dispatch = now() + interval '7 s'`);
  await configureSchedules(t.db, { ...settings, taskProtectionTime: 30, orphanProtectionTime: 0 }, { has: () => true });
  const rest = await schedules();
  assert.deepEqual([rest.length, rest[0]!.next], [1, 7]);
  await t.db.run(sql`delete from task_schedule`);
});

test('any worker dispatches and runs what is due, the next after one was killed', async () => {
  await t.db.run(sql`delete from task`);
  await t.db.run(sql`delete from task_resource`);
  const workers = [await startWorker(t.settings), await startWorker(t.settings)];
  workers[0]!.kill('SIGKILL');
  await t.db.run(sql`insert into task_schedule (pulp_id, name, task_name, dispatch_interval)
    values (gen_random_uuid(), 'often', 'pulpcore.app.tasks.test.dummy_task', '1 s')`);
  const { until } = await import('./tasking-support.ts');
  await until(async () => (await t.db.rows(sql`select from task where state = 'completed'`)).length >= 2, 10);
  await t.db.run(sql`delete from task_schedule`);
  workers[1]!.kill('SIGTERM');
  await exited(workers[1]!);
});

test('purge: by date, state, user and domain, in batches, never what is unfinished', async () => {
  await t.db.run(sql`delete from task`);
  const functions = byName([...testTasks, purgeTask]);
  const { runner, stop } = await joinQueue(t.services, functions, 'api', {}, () => {});
  const users = await t.db.rows<{ id: number }>(sql`insert into app_user (username, is_superuser)
    values ('root', true), ('alice', false) returning id`);
  const [root, alice] = users.map((user) => user.id);
  await t.db.run(sql`
    insert into task (pulp_id, domain_id, name, state, pulp_created, pulp_last_updated, finished_at, created_by)
      select gen_random_uuid(), ${t.domain.id}, 'old', (array['completed', 'failed', 'waiting'])[1 + n % 3], now(), now(),
        case when n % 3 < 2 then now() - n * interval '1 minute' end, case when n % 2 = 0 then ${alice}::int end
        from generate_series(1, 3000) as n`);
  await t.db.run(sql`insert into progress_report (pulp_id, task_id, message, state)
    select gen_random_uuid(), pulp_id, 'm', 'completed' from task limit 300`);
  const left = async () =>
    (await t.db.row<{ count: number }>(sql`select count(*) from task where name = 'old'`))!.count;
  const purge = async (userId: number | undefined, args: object) => {
    const request = { ...t.request('', args, { immediate: true, userId: userId ?? null }), name: purgeTask.name };
    const made = await dispatch(t.services, request, { runner });
    assert.equal(made.state, 'completed');
    const report = await t.db.row<{ done: number }>(sql`
      select done from progress_report where task_id = ${made.pulpId} and code = 'purge.tasks.key.core.Task' and total = done`);
    return report?.done;
  };
  const now = new Date().toISOString();
  assert.equal(await purge(root, { finished_before: '1970-01-01T00:00', states: ['completed'] }), 0);
  assert.equal(await purge(alice, { finished_before: now, states: ['failed'] }), 500);
  assert.equal(await left(), 2500);
  const earlier = new Date(Date.now() - 1500.5 * 60_000).toISOString();
  assert.equal(await purge(root, { finished_before: earlier, states: ['completed', 'waiting'] }), 500);
  assert.ok(
    (await purge(root, { finished_before: now, states: ['completed', 'failed', 'skipped', 'canceled'] }))! >= 1000,
  );
  assert.equal(await left(), 1000);
  await stop();
});
