/** Tests of the status of the server: processes, queue, storage, database; readiness. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { dispatchDueSchedules } from '../../src/tasking/schedules/schedules.ts';
import { useApi } from '../support/api.ts';

const api = await useApi();

test('the status tells of processes, queue, scheduler, storage, database and backup', async () => {
  await api.db.run(sql`insert into app_status (pulp_id, app_type, name, ttl, host, pid, last_heartbeat)
    values (gen_random_uuid(), 'worker', 'lost@there', 30, 'there', 77, now() - interval '1 hour')`);
  const lease = await api.db.row<{ lease: number }>(sql`select lease from app_status where name = 'lost@there'`);
  await api.db.run(sql`
    insert into task (pulp_id, domain_id, name, state, pulp_created, pulp_last_updated, unblocked_at, lease)
      select gen_random_uuid(), d.id, 'x', state, now(), now(), case when state = 'waiting' then now() - interval '5 s' end,
          case when state = 'running' then ${lease!.lease}::bigint end
        from domain d, unnest(array['waiting', 'waiting', 'running', 'completed']) as state`);
  await api.db.run(
    sql`update task set unblocked_at = null where id = (select max(id) from task where state = 'waiting')`,
  );
  await api.db.run(sql`update server_state set last_backup = '{"directory": "/b"}'`);
  await dispatchDueSchedules(api.services, 'the scheduler');

  const { status, body } = await api.call('GET', 'status/', undefined, { as: null });
  assert.equal(status, 200);
  assert.deepEqual(body.online_workers, []);
  assert.equal(body.online_api_apps.length, 1);
  assert.match(body.online_api_apps[0].last_heartbeat, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  const { processes, queue, scheduler, storage, database, last_backup } = body.server;
  assert.equal(processes.length, 2);
  const lost = processes.find((one: { name: string }) => one.name === 'lost@there');
  assert.deepEqual([lost.role, lost.host, lost.pid, lost.online, lost.tasks.length], ['worker', 'there', 77, false, 1]);
  assert.match(lost.tasks[0], /^prn:core\.task:/);
  assert.ok(lost.started);
  const { longest_unblocked_seconds: longest, ...counts } = queue;
  assert.deepEqual(counts, { waiting: 2, unblocked: 1, running: 1, canceling: 0 });
  assert.ok(longest >= 5 && longest < 60);
  assert.equal(scheduler.process, 'the scheduler');
  assert.ok(scheduler.last_look);
  assert.deepEqual(storage, { driver: 'filesystem', writable: true });
  assert.match(database.version, /^\d+\.\d+/);
  assert.ok(database.latency_ms > 0);
  assert.deepEqual(last_backup, { directory: '/b' });
});

test('readiness', async () => {
  const ready = await api.call('GET', 'readyz/', undefined, { as: null });
  assert.deepEqual([ready.status, ready.body], [200, { database: true, storage: true, lease: true }]);
});
