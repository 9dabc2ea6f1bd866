/** Tests of real worker processes: running, failing, canceling, and what happens when they are killed or frozen. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../src/db/sql.ts';
import { createTaskGroup } from '../../src/model/tasks/task-group.ts';
import { cancelGroup, cancelTask } from '../../src/tasking/queue/cancel.ts';
import { dispatch } from '../../src/tasking/queue/dispatch.ts';
import type { TaskError } from '../../src/tasking/queue/task-row.ts';
import { isRunning } from '../support/processes.ts';
import { exited, startWorker, taskProcess, until, useTasking } from './tasking-support.ts';

const t = await useTasking();
// Workers read the key of the database from the file; here it is made by the first of them.
const { Secrets } = await import('../../src/lib/crypto/secrets.ts');
const services = { ...t.services, secrets: await Secrets.load(join(t.settings.data, 'db-encryption-key')) };
const add = (name: string, args = {}, more = {}) => dispatch(services, t.request(name, args, more));
const running = (id: number) =>
  until(
    async () => (await t.task(id)).state === 'running',
    10,
    () => `${id} does not run`,
  );
const reasonOf = (error: unknown) => (error as { reason?: string } | null)?.reason;
const missing = 'Worker has gone missing.';

test('a worker runs tasks, records results, errors and progress, and stops politely', async () => {
  const worker = await startWorker(t.settings);
  const done = await t.ended((await add('dummy_task', {}, { shared: ['r'] })).id);
  assert.deepEqual([done.state, done.error, done.result, done.arguments], ['completed', null, null, null]);
  assert.ok(done.unblocked_at && done.started_at && done.finished_at);

  const failed = await t.ended((await add('failing_task', { error_message: 'no http://me:secret@host/ today' })).id);
  assert.equal(failed.state, 'failed');
  const error = failed.error as TaskError & { error_code?: string; traceback?: string };
  assert.equal(error.description, '[PLP0000] no http://host/ today');
  assert.equal(error.error_code, 'PLP0000');
  assert.doesNotMatch(error.traceback ?? '', /\//);

  const long = await add('sleep', { interval: 1 });
  await running(long.id);
  worker.kill('SIGTERM');
  assert.equal(await exited(worker), 0);
  assert.equal((await t.task(long.id)).state, 'completed');
  assert.equal(await t.db.row(sql`select from app_status`), undefined);
  assert.equal(existsSync(join(t.settings.data, 'tmp')) && readdirSync(join(t.settings.data, 'tmp')).length > 0, false);
});

test('a task that no worker here knows is left to a program that knows it', async () => {
  const worker = await startWorker(t.settings);
  const unknown = await add('task_of_a_newer_program');
  for (let index = 0; index < 3; index++)
    assert.equal((await t.ended((await add('dummy_task')).id)).state, 'completed');
  assert.equal((await t.task(unknown.id)).state, 'waiting');
  // An older program does not say what it knows, and is given what it has always been given.
  const old = await t.lease('old');
  const taken = await t.db.row<{ id: number }>(sql`select id from next_task(${old.lease}, ${old.worker}, '{}', null)`);
  assert.equal(taken?.id, unknown.id);
  await t.db.run(sql`delete from task_resource where task_id = ${unknown.id}`);
  await t.db.run(sql`delete from task where id = ${unknown.id}`);
  await t.db.run(sql`delete from app_status where lease = ${old.lease}`);
  worker.kill('SIGTERM');
  assert.equal(await exited(worker), 0);
});

test('a task of a limited token is left to programs that know of limits', async () => {
  const limited = await add('dummy_task', {}, { limit: { permissions: [], ofSuperuser: false } });
  const old = await t.lease('old');
  const take = (versions: object) =>
    t.db.row<{ id: number }>(
      sql`select id from next_task(${old.lease}, ${old.worker}, ${JSON.stringify(versions)}::jsonb, null)`,
    );
  assert.equal(await take({ core: '3.123.1' }), undefined);
  assert.equal(await take({ core: '3.123.1', deckle: '0.1.0' }), undefined);
  assert.equal((await take({ deckle: '0.2.0' }))?.id, limited.id);
  await t.db.run(sql`delete from task_resource where task_id = ${limited.id}`);
  await t.db.run(sql`delete from task where id = ${limited.id}`);
  await t.db.run(sql`delete from app_status where lease = ${old.lease}`);
});

test('waiting tasks are kept without any worker and then run in order', async () => {
  const ids: number[] = [];
  for (let index = 0; index < 5; index++) ids.push((await add('dummy_task', {}, { exclusive: ['queued'] })).id);
  const worker = await startWorker(t.settings);
  for (const id of ids) assert.equal((await t.ended(id)).state, 'completed');
  const rows = await t.db.rows<{ id: number }>(
    sql`select id from task where id = any (${ids}::bigint[]) order by started_at`,
  );
  assert.deepEqual(
    rows.map((row) => row.id),
    ids,
  );
  worker.kill('SIGTERM');
  await exited(worker);
});

test('cancellation of running tasks, those that listen and those that do not', async () => {
  const worker = await startWorker(t.settings);
  const polite = await add('sleep', { interval: 600 }, { exclusive: ['c'] });
  const next = await add('dummy_task', {}, { exclusive: ['c'] });
  await running(polite.id);
  assert.equal((await cancelTask(t.db, polite.pulpId))?.state, 'canceling');
  const canceled = await t.ended(polite.id, 3);
  assert.deepEqual([canceled.state, canceled.error], ['canceled', null]);
  assert.equal((await t.ended(next.id)).state, 'completed');

  const gooey = await add('gooey_task', { interval: 60 });
  await running(gooey.id);
  await until(() =>
    t.db.row(sql`select from progress_report where task_id = ${gooey.pulpId} and done > 0`).then(Boolean),
  );
  await cancelTask(t.db, gooey.pulpId);
  assert.equal((await t.ended(gooey.id, 6)).state, 'canceled');
  const report = await t.db.row<{ state: string }>(
    sql`select state from progress_report where task_id = ${gooey.pulpId}`,
  );
  assert.equal(report?.state, 'canceled');
  assert.equal((await t.ended((await add('dummy_task')).id)).state, 'completed');

  const group = await createTaskGroup(t.db, t.domain.id, 'some');
  const member = await add('dummy_group_task', { inbetween: 0.2, intervals: [30, 30, 30] }, { taskGroup: group });
  await until(async () => (await t.db.rows(sql`select from task where task_group_id = ${group}`)).length >= 3);
  assert.ok((await cancelGroup(t.db, group)).length >= 3);
  await t.ended(member.id, 5);
  await until(
    async () => !(await t.db.row(sql`select from task where task_group_id = ${group} and finished_at is null`)),
    5,
  );
  worker.kill('SIGTERM');
  await exited(worker);
});

test('a finalizer runs after its siblings', async () => {
  const workers = await Promise.all([startWorker(t.settings), startWorker(t.settings)]);
  const group = await createTaskGroup(t.db, t.domain.id, 'with finalizer');
  await t.ended((await add('group_task_with_finalizer', { resource: 'final' }, { taskGroup: group })).id);
  await until(
    async () => !(await t.db.row(sql`select from task where task_group_id = ${group} and finished_at is null`)),
    5,
  );
  const states = await t.db.rows<{ state: string; parent_task_id: string }>(sql`
    select state, parent_task_id from task where task_group_id = ${group}`);
  assert.deepEqual(
    states.map((row) => row.state),
    ['completed', 'completed', 'completed'],
  );
  assert.equal(states.filter((row) => row.parent_task_id !== null).length, 2);
  for (const worker of workers) worker.kill('SIGTERM');
  await Promise.all(workers.map(exited));
});

test('the process of a task dies: the task fails with the reason and the worker goes on', async () => {
  const worker = await startWorker(t.settings);
  const task = await add('sleep', { interval: 600 }, { exclusive: ['d'] });
  await running(task.id);
  process.kill(await taskProcess(worker), 'SIGKILL');
  const failed = await t.ended(task.id, 3);
  assert.deepEqual([failed.state, failed.error], ['failed', { reason: 'Killed by signal 9.' }]);
  assert.equal((await t.ended((await add('dummy_task', {}, { exclusive: ['d'] })).id)).state, 'completed');
  worker.kill('SIGINT');
  await exited(worker);
});

test('a second signal ends the task at once', async () => {
  const worker = await startWorker(t.settings);
  const task = await add('sleep', { interval: 600 });
  await running(task.id);
  worker.kill('SIGTERM');
  await sleep(100);
  assert.equal((await t.task(task.id)).state, 'running');
  worker.kill('SIGTERM');
  await exited(worker);
  assert.equal(reasonOf((await t.task(task.id)).error), 'Aborted during worker shutdown.');
});

test('kill -9 of a worker: others end its task, free its locks, remove what it left incomplete', async () => {
  const [victim, other] = [
    await startWorker(t.settings),
    await startWorker(t.settings, { workerNameTemplate: 'other' }),
  ];
  other.kill('SIGSTOP');
  const { repository, version } = await makeIncompleteVersion();
  const task = await add('gooey_task', { interval: 600 }, { exclusive: [`prn:file.filerepository:${repository}`] });
  const next = await add('dummy_task', {}, { exclusive: [`prn:file.filerepository:${repository}`] });
  await running(task.id);
  const child = await taskProcess(victim);
  other.kill('SIGCONT');
  victim.kill('SIGKILL');
  await until(() => !isRunning(child), 3);
  const failed = await t.ended(task.id, 6);
  assert.deepEqual([failed.state, failed.error], ['failed', { reason: missing }]);
  assert.equal((await t.ended(next.id, 3)).state, 'completed');
  assert.equal(await t.db.row(sql`select from repository_version where pulp_id = ${version}`), undefined);
  assert.deepEqual(await t.db.row(sql`select next_version from repository where pulp_id = ${repository}`), {
    next_version: 1,
  });
  other.kill('SIGTERM');
  await exited(other);
});

async function makeIncompleteVersion(): Promise<{ repository: string; version: string }> {
  const [repository, version] = [crypto.randomUUID(), crypto.randomUUID()];
  const row = await t.db.row<{ id: number }>(sql`
    insert into repository (pulp_id, domain_id, pulp_type, name, next_version)
      values (${repository}, ${t.domain.id}, 'file.file', ${repository}, 2) returning id`);
  await t.db.run(sql`insert into repository_version (pulp_id, repository_id, number, complete)
    values (${crypto.randomUUID()}, ${row!.id}, 0, true), (${version}, ${row!.id}, 1, false)`);
  return { repository, version };
}

test('a worker that was frozen beyond its time to live writes nothing more and comes back under a new lease', async () => {
  const [frozen, other] = [
    await startWorker(t.settings),
    await startWorker(t.settings, { workerNameTemplate: 'other' }),
  ];
  other.kill('SIGSTOP');
  const task = await add('gooey_task', { interval: 600 });
  await running(task.id);
  const child = await taskProcess(frozen);
  const before = await leaseOf(frozen.pid!);
  other.kill('SIGCONT');
  frozen.kill('SIGSTOP');
  process.kill(child, 'SIGSTOP');
  const failed = await t.ended(task.id, 8);
  assert.equal(reasonOf(failed.error), missing);
  const reports = await t.db.rows(sql`select * from progress_report where task_id = ${task.pulpId}`);
  // The process of the task goes on first: its worker cannot stop it yet.
  process.kill(child, 'SIGCONT');
  await sleep(700);
  frozen.kill('SIGCONT');
  await until(() => !isRunning(child), 5);
  await until(async () => ((await leaseOf(frozen.pid!)) ?? 0) > before!, 8);
  assert.deepEqual(await t.db.rows(sql`select * from progress_report where task_id = ${task.pulpId}`), reports);
  const { finished_at, state, error } = await t.task(task.id);
  assert.deepEqual([finished_at, state, error], [failed.finished_at, failed.state, failed.error]);
  other.kill('SIGTERM');
  await exited(other);
  assert.equal((await t.ended((await add('dummy_task')).id)).state, 'completed');
  frozen.kill('SIGTERM');
  await exited(frozen);
});

async function leaseOf(pid: number): Promise<number | undefined> {
  return (await t.db.row<{ lease: number }>(sql`select lease from app_status where pid = ${pid}`))?.lease;
}

test('a fixed name: refused while its holder lives, taken over at once when that was killed', async () => {
  const fixed = { workerNameTemplate: 'fixed', workerTtl: 3, logLevel: 'fatal' as const };
  const first = await startWorker(t.settings, fixed);
  await assert.rejects(startWorker(t.settings, fixed), /worker ended with 1/);
  const task = await add('sleep', { interval: 600 });
  await running(task.id);
  first.kill('SIGKILL');
  await exited(first);
  const second = await startWorker(t.settings, fixed);
  assert.equal(reasonOf((await t.task(task.id)).error), missing);
  second.kill('SIGTERM');
  await exited(second);
});

test('many tasks with workers being killed: everything ends, nothing runs twice or out of order', {
  timeout: 60_000,
}, async () => {
  let workers = await Promise.all([startWorker(t.settings), startWorker(t.settings)]);
  const first = await t.db.row<{ id: number }>(sql`select coalesce(max(id), 0) as id from task`);
  const names = ['k1', 'k2', 'k3'];
  for (let index = 0; index < 300; index++) {
    const mode = index % 3 === 0 ? 'exclusive' : 'shared';
    await add('sleep', { interval: 0.01 }, { [mode]: [names[(index % 7) % 3]] });
    if (index === 100 || index === 200) {
      const [victim, ...rest] = workers;
      victim!.kill('SIGKILL');
      workers = [...rest, await startWorker(t.settings)];
    }
  }
  const open = sql`select from task where id > ${first!.id} and state not in ('completed', 'failed', 'canceled') limit 1`;
  await until(
    async () => !(await t.db.row(open)),
    30,
    () => 'some tasks have not ended',
  );
  const states = await t.db.rows<{ state: string; count: number }>(sql`
    select state, count(*) from task where id > ${first!.id} group by state`);
  const failed = states.find((row) => row.state === 'failed')?.count ?? 0;
  assert.ok(failed <= 2, `${failed} tasks failed`);
  const overlaps = await t.db.rows(sql`
    with held as (
      select id, started_at, finished_at, lock_ not like 'shared:%' as exclusive, regexp_replace(lock_, '^shared:', '') as name
        from task, unnest(reserved_resources_record) as lock_ where id > ${first!.id} and lock_ like '%k_'
    )
    select a.id, b.id from held a join held b on b.name = a.name and b.id > a.id and (a.exclusive or b.exclusive)
      where b.started_at < a.finished_at limit 5`);
  assert.deepEqual(overlaps, []);
  for (const worker of workers) worker.kill('SIGTERM');
  await Promise.all(workers.map(exited));
});
