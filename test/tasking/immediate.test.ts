/** Tests of short tasks run where they are dispatched, and of what a task may do through its context. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseUnavailable } from '../../src/db/errors.ts';
import { sql } from '../../src/db/sql.ts';
import { LeaseLost, ValidationError } from '../../src/lib/errors.ts';
import type { TaskContext, TaskFunction } from '../../src/plugin-api/contracts/task.ts';
import { byName } from '../../src/tasking/context/run-task.ts';
import { testTasks } from '../../src/tasking/context/test-tasks.ts';
import { cancelTask } from '../../src/tasking/queue/cancel.ts';
import { dispatch } from '../../src/tasking/queue/dispatch.ts';
import { joinQueue } from '../../src/tasking/queue/join-queue.ts';
import { finishTask, nextTask, releaseTask } from '../../src/tasking/queue/queue.ts';
import { until, useTasking } from './tasking-support.ts';

const t = await useTasking();
let body: (context: TaskContext) => Promise<unknown> = async () => undefined;
const custom: TaskFunction = { name: 'test.custom', run: (context) => body(context) };
const functions = byName([...testTasks, custom]);
const api = await joinQueue(t.services, functions, 'api', { core: '1' }, (error) => assert.fail(error));
const { runner } = api;

/** Runs a function as an immediate task. */
async function immediate(run: (context: TaskContext) => Promise<unknown>, more = {}) {
  body = run;
  const made = await dispatch(
    t.services,
    { ...t.request('', {}, { immediate: true, ...more }), name: custom.name },
    { runner },
  );
  return { made, row: await t.task(made.id) };
}

test('it has ended when the answer comes, with result and resources', async () => {
  const { made, row } = await immediate(
    async (context) => {
      context.created('prn:x.first:1');
      await context.write(async () => context.created('prn:x.second:2'));
      await assert.rejects(
        context.write(async () => {
          context.created('prn:x.undone:3');
          throw new Error('undone');
        }),
        /undone/,
      );
      context.created('prn:x.last:4');
      return { ok: ['ä\0b'] };
    },
    { exclusive: ['one'] },
  );
  assert.deepEqual([made.state, row.state, row.result], ['completed', 'completed', { ok: ['äb'] }]);
  assert.deepEqual(row.created_resources, ['prn:x.first:1', 'prn:x.second:2', 'prn:x.last:4']);
  assert.equal(row.worker, api.registration.name);
  assert.equal(await t.db.row(sql`select from task_resource`), undefined);
});

test('nobody is told of a task that the database has forgotten in a crash', async () => {
  const forgotten = immediate(async (context) => {
    await t.db.run(sql`delete from task_resource where task_id = ${context.task.id}`);
    await t.db.run(sql`delete from task where id = ${context.task.id}`);
  });
  await assert.rejects(forgotten, (error) => error instanceof DatabaseUnavailable && /forgotten/.test(error.message));
});

test('errors: validation as JSON, no traces of paths; unstorable results', async () => {
  const invalid = await immediate(async () => {
    throw new ValidationError({ name: ['This field must be unique.'] });
  });
  assert.equal(invalid.made.state, 'failed');
  assert.equal((invalid.row.error as { description: string }).description, '{"name":["This field must be unique."]}');
  const lone = await immediate(async () => ({ text: '\ud800' }));
  assert.deepEqual(lone.row.error, { reason: 'The result of the task could not be stored.' });
});

test('blocked ones wait for a worker, or are refused when they cannot wait', async () => {
  const holder = await t.lease('blocker');
  const blocker = await dispatch(t.services, t.request('dummy_task', {}, { exclusive: ['busy'] }));
  await nextTask(t.db, holder, {});
  const waiting = await immediate(async () => 1, { exclusive: ['busy'] });
  assert.equal(waiting.made.state, 'waiting');
  const refused = await immediate(async () => 1, { shared: ['busy'], deferrable: false });
  assert.deepEqual(
    [refused.row.state, refused.row.error],
    ['canceled', { reason: 'Resources temporarily unavailable.' }],
  );
  assert.ok(refused.row.finished_at);
  await finishTask(t.db, blocker.id, holder.lease, { state: 'completed', result: null, error: null, created: [] });
  await releaseTask(t.db, blocker.id);
  assert.equal((await nextTask(t.db, holder, {}))?.id, waiting.made.id);
  await cancelTask(t.db, waiting.made.pulpId);
  await finishTask(t.db, waiting.made.id, holder.lease, { state: 'failed', result: null, error: null, created: [] });
  assert.equal((await t.task(waiting.made.id)).state, 'canceled');
});

test('without a runner, or when workers are preferred, they are queued', async () => {
  const queued = await dispatch(t.services, t.request('dummy_task', {}, { immediate: true }));
  assert.equal(queued.state, 'waiting');
  const preferring = { ...t.services, settings: { ...t.settings, taskPreferDefer: true } };
  assert.equal(
    (await dispatch(preferring, t.request('dummy_task', {}, { immediate: true }), { runner })).state,
    'waiting',
  );
  const now = await dispatch(preferring, t.request('dummy_task', {}, { immediate: true, deferrable: false }), {
    runner,
  });
  assert.equal(now.state, 'completed');
  await t.db.run(sql`delete from task where state = 'waiting'`);
  await t.db.run(sql`delete from task_resource`);
});

test('one that takes too long fails and can write no more; blocking ones are refused', async () => {
  let refused: unknown;
  const { row } = await immediate(async (context) => {
    await sleep(5600);
    await context
      .write(async () => {})
      .catch((error: unknown) => {
        refused = error;
      });
  });
  assert.equal(row.state, 'failed');
  const { description, error_code } = row.error as { description: string; error_code: string };
  assert.match(description, /^\[PLP0024\] Immediate task \S+ \(type: test\.custom\) timed out after 5 seconds\.$/);
  assert.equal(error_code, 'PLP0024');
  await until(() => refused !== undefined);
  assert.ok(refused instanceof LeaseLost);
  const sync = await dispatch(t.services, t.request('sleep', { interval: 0 }, { immediate: true }), { runner });
  assert.match(JSON.stringify((await t.task(sync.id)).error), /Immediate tasks must be async functions/);
});

test('whoever ends a task waits for its transaction under way, and the task sees it is over', async () => {
  const order: string[] = [];
  let end: Promise<unknown> | undefined;
  const { made, row } = await immediate(async (context) => {
    await context.write(async (tx) => {
      end = finishTask(t.db, context.task.id, api.registration.lease, {
        state: 'failed',
        result: null,
        error: { reason: 'ended by another' },
        created: [],
      }).then(() => order.push('ended'));
      await sleep(200);
      await tx.run(sql`select 1`);
      context.created('prn:x.late:1');
      order.push('written');
    });
    await end;
    await assert.rejects(
      context.write(async () => {}),
      LeaseLost,
    );
  });
  assert.deepEqual(order, ['written', 'ended']);
  assert.equal(made.state, 'failed');
  assert.deepEqual([row.error, row.created_resources], [{ reason: 'ended by another' }, ['prn:x.late:1']]);
});

test('progress, children and temporary files', async () => {
  let directory = '';
  const { made } = await immediate(async (context) => {
    const report = context.progress({ message: 'Doing', code: 'test.doing', total: 3 });
    report.add(2);
    await sleep(700);
    const seen = await t.db.row(
      sql`select state, done, total from progress_report where task_id = ${context.task.pulpId}`,
    );
    assert.deepEqual(seen, { state: 'running', done: 2, total: 3 });
    report.add(1);
    report.finish();
    context.progress({ message: 'Left open', code: 'test.open' });
    directory = await context.workDirectory();
    await writeFile(join(directory, 'file'), 'x');
    const child = await context.dispatch({ name: `${testTasks[0]!.name}`, args: {}, immediate: true, shared: ['c'] });
    assert.equal(child.state, 'completed');
  });
  assert.equal(made.state, 'completed');
  assert.ok(directory !== '' && !existsSync(directory));
  const reports = await t.db.rows(sql`
    select code, state, done from progress_report where task_id = ${made.pulpId} order by pulp_id`);
  assert.deepEqual(reports, [
    { code: 'test.doing', state: 'completed', done: 3 },
    { code: 'test.open', state: 'completed', done: 0 },
  ]);
  assert.ok(await t.db.row(sql`select from task where parent_task_id = ${made.pulpId}`));
});

test('many at once on few names: each ends, none at the same time as another of its name', async () => {
  let inside = 0;
  body = async () => {
    inside++;
    await sleep(1);
    assert.equal(inside--, 1);
  };
  const request = { ...t.request('', {}, { immediate: true, exclusive: ['narrow'] }), name: custom.name };
  const made = await Promise.all(Array.from({ length: 40 }, () => dispatch(t.services, request, { runner })));
  const holder = await t.lease('helper');
  for (
    let task = await nextTask(t.db, holder, {}), tries = 0;
    tries < 200;
    tries++, task = await nextTask(t.db, holder, {})
  ) {
    if (!task) continue;
    await finishTask(t.db, task.id, holder.lease, { state: 'completed', result: null, error: null, created: [] });
    await releaseTask(t.db, task.id);
  }
  for (const { id } of made) assert.equal((await t.ended(id)).state, 'completed');
  await api.stop();
});
