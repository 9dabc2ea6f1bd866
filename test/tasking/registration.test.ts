/** Tests of the table of living processes: signs of life, loss and return of leases, names, and cleaning up. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { after, test } from 'node:test';
import { openDatabase } from '../../src/db/database.ts';
import { sql } from '../../src/db/sql.ts';
import { byName } from '../../src/tasking/context/run-task.ts';
import { undo } from '../../src/tasking/context/undo.ts';
import { taskDirectory } from '../../src/tasking/context/work-directory.ts';
import { dispatch } from '../../src/tasking/queue/dispatch.ts';
import { joinQueue } from '../../src/tasking/queue/join-queue.ts';
import { nextTask } from '../../src/tasking/queue/queue.ts';
import { NameTaken } from '../../src/tasking/worker/app-status.ts';
import { cleanUpMissing } from '../../src/tasking/worker/clean-up-missing.ts';
import { until, useTasking } from './tasking-support.ts';

const t = await useTasking();

test('signs of life; a lost row is noticed and another lease taken; a clean stop removes the row', async () => {
  const registration = await t.register({ name: 'alive' });
  const events: string[] = [];
  let beats = 0;
  registration.start({
    onBeat: () => void beats++,
    onLost: () => void events.push('lost'),
    onRegained: () => void events.push('regained'),
  });
  await until(() => beats >= 2);
  const first = registration.lease;
  assert.deepEqual(registration.holder, { lease: first, worker: 'alive' });
  await t.db.run(sql`delete from app_status where lease = ${first}`);
  await until(() => events.length === 2);
  assert.deepEqual(events, ['lost', 'regained']);
  assert.ok(registration.lease > first);
  await registration.stop();
  assert.equal(await t.db.row(sql`select from app_status where name = 'alive'`), undefined);
});

test('without the database the lease is given up after its time, and taken up again', async () => {
  const db = openDatabase({ url: t.settings.databaseUrl, poolSize: 2 });
  after(() => db.close());
  let away = false;
  const flaky = new Proxy(db, {
    get: (target, name: 'row') =>
      name === 'row' && away ? () => Promise.reject(new Error('away')) : Reflect.get(target, name).bind(target),
  });
  const services = { ...t.services, db: flaky };
  const { Registration } = await import('../../src/tasking/worker/register-process.ts');
  const registration = await Registration.enter(services, {
    type: 'worker',
    name: 'cut off',
    host: 'h',
    ttl: 1,
    versions: {},
  });
  const events: string[] = [];
  registration.start({ onLost: () => void events.push('lost'), onRegained: () => void events.push('regained') });
  const { lease } = registration;
  away = true;
  await until(() => events.includes('lost'), 4);
  assert.equal(registration.holder, undefined);
  away = false;
  await until(() => events.includes('regained'), 4);
  assert.equal(registration.lease, lease);
  await registration.stop();
});

test('names: taken while the holder gives signs of life, free when it is silent', async () => {
  const holder = await t.register({ name: 'same', ttl: 2 });
  // As if on another machine, where nobody can look whether the process exists.
  await t.db.run(sql`update app_status set process_key = null where name = 'same'`);
  holder.start({});
  await assert.rejects(t.register({ name: 'same' }), NameTaken);
  await t.register({ name: 'same', type: 'content' });
  let replaced: unknown;
  holder.events = {
    onReplaced: (error) => {
      replaced = error;
    },
  };
  const silent = await t.lease('silent', 2);
  const heir = await t.register({ name: 'silent', ttl: 2 });
  assert.ok(heir.lease > silent.lease);
  // A process that comes back and finds its name in other hands ends.
  await t.db.run(sql`delete from app_status where lease = ${holder.lease}`);
  const thief = await t.register({ name: 'same' });
  thief.start({});
  await until(() => replaced instanceof NameTaken, 8);
  await Promise.all([holder.stop(), heir.stop(), thief.stop()]);
});

test('the missing: their tasks end, canceled ones as canceled; locks, directories, connections and rows go', async () => {
  let undone: unknown;
  const withUndo = byName([
    {
      name: 'test.undo',
      run: async () => {},
      cleanUp: async (_services, args) => {
        undone = args;
      },
    },
  ]);
  const me = await t.register({ name: 'cleaner' });
  const dead = await t.lease('dead', 0.5);
  const first = await dispatch(t.services, { ...t.request('', { some: 1 }, { exclusive: ['m'] }), name: 'test.undo' });
  const second = await dispatch(t.services, t.request('dummy_task', {}, { exclusive: ['n'] }));
  const next = await dispatch(t.services, t.request('dummy_task', {}, { exclusive: ['m'] }));
  await nextTask(t.db, dead, {});
  // The table allows one process to hold several, as API processes do.
  await t.db.run(sql`update task set state = 'canceling', lease = ${dead.lease} where id = ${second.id}`);
  await t.db.run(
    sql`update app_status set host = 'here', connection_name = 'deckle worker 0123456789ab' where lease = ${dead.lease}`,
  );
  const directory = taskDirectory(t.settings, 'dead', first.pulpId);
  mkdirSync(directory, { recursive: true });
  const hanging = openDatabase({
    url: t.settings.databaseUrl,
    poolSize: 1,
    applicationName: 'deckle worker 0123456789ab task',
  });
  after(() => hanging.close());
  // A transaction of the dead process that never ends would otherwise keep its task for ever.
  const released = Promise.withResolvers<void>();
  const hung = hanging.transaction(async (tx) => {
    await tx.rows(sql`select from task_resource where task_id = ${first.id} for key share`);
    await released.promise;
    await tx.run(sql`select 1`);
  });
  hung.catch(() => {});
  await until(async () =>
    Boolean(
      await t.db.row(
        sql`select from app_status where lease = ${dead.lease} and last_heartbeat < clock_timestamp() - interval '0.6 s'`,
      ),
    ),
  );
  const how = { services: t.services, undo: async () => {}, host: 'here', lease: me.lease };
  await until(
    async () => (await cleanUpMissing({ ...how, undo: (task) => undo(t.services, withUndo, task) })) === 2,
    5,
  );
  assert.deepEqual(undone, { some: 1 });
  const [a, b] = [await t.task(first.id), await t.task(second.id)];
  assert.deepEqual([a.state, a.error], ['failed', { reason: 'Worker has gone missing.' }]);
  assert.deepEqual([b.state, b.error], ['canceled', null]);
  assert.equal(existsSync(directory), false);
  assert.equal(await t.db.row(sql`select from app_status where lease = ${dead.lease}`), undefined);
  assert.ok((await t.task(next.id)).unblocked_at);
  assert.equal(await cleanUpMissing(how), 0);
  released.resolve();
  await assert.rejects(hung);
  await me.stop();
});

test('a cleaner that dies in the middle is cleaned up after', async () => {
  const [cleaner, dead] = [await t.lease('cleaner 2'), await t.lease('dead 2')];
  const { id } = await dispatch(t.services, t.request('dummy_task', {}, { exclusive: ['q'] }));
  await t.db.run(sql`update task set state = 'running', lease = ${dead.lease} where id = ${id}`);
  await t.db.run(sql`delete from app_status where lease = ${dead.lease}`);
  assert.equal((await t.db.rows(sql`select from adopt_orphans(${cleaner.lease})`)).length, 1);
  assert.equal((await t.db.rows(sql`select from adopt_orphans(${cleaner.lease})`)).length, 0);
  await t.db.run(sql`delete from app_status where lease = ${cleaner.lease}`);
  const me = await t.register({ name: 'third' });
  assert.equal(await cleanUpMissing({ services: t.services, undo: async () => {}, host: 'here', lease: me.lease }), 1);
  assert.equal((await t.task(id)).state, 'failed');
  await me.stop();
});

test('immediate tasks of an API process that is no more end like any other', async () => {
  const api = await joinQueue(t.services, t.functions, 'api', {}, () => {});
  const dead = await t.lease('api that died');
  const { id } = await dispatch(
    t.services,
    t.request('asleep', { interval: 1 }, { immediate: true, exclusive: ['i'] }),
    {
      runner: { holder: dead, run: async () => 'running' },
    },
  );
  assert.equal((await t.task(id)).state, 'running');
  await t.db.run(sql`delete from app_status where lease = ${dead.lease}`);
  assert.deepEqual((await t.ended(id, 4)).error, { reason: 'Worker has gone missing.' });
  await api.stop();
});
