/** Tests of the queue itself: what conflicts, who comes next, and that it holds under many hands at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { openDatabase } from '../../src/db/database.ts';
import { sql } from '../../src/db/sql.ts';
import { createTaskGroup } from '../../src/model/tasks/task-group.ts';
import { cancelTask } from '../../src/tasking/queue/cancel.ts';
import { dispatch, enqueue } from '../../src/tasking/queue/dispatch.ts';
import { finishTask, nextTask, releaseTask, unblockAll } from '../../src/tasking/queue/queue.ts';
import type { Outcome, RunnableTask } from '../../src/tasking/queue/task-row.ts';
import { until, useTasking } from './tasking-support.ts';

const t = await useTasking();
const completed: Outcome = { state: 'completed', result: null, error: null, created: [] };

async function add(exclusive: string[], shared: string[] = [], more = {}): Promise<number> {
  return (await dispatch(t.services, t.request('dummy_task', {}, { exclusive, shared, ...more }))).id;
}

/** Which of the tasks are blocked. */
async function blocked(ids: number[]): Promise<boolean[]> {
  const rows = await t.db.rows<{ blocked: boolean }>(sql`
    select unblocked_at is null as blocked from task where id = any (${ids}::bigint[]) order by id`);
  return rows.map((row) => row.blocked);
}

/** Runs everything that can be taken, one after the other, and returns the order. */
async function drain(): Promise<number[]> {
  const holder = await t.lease(`drain ${Math.random()}`);
  const order: number[] = [];
  for (let finished: number | undefined; ; ) {
    const task = await nextTask(t.db, holder, {}, finished);
    if (!task) return order;
    order.push(task.id);
    await finishTask(t.db, task.id, holder.lease, completed);
    finished = task.id;
  }
}

test('exclusive excludes everything, shared only exclusive; a blocked exclusive holds back later shared ones', async () => {
  const ids = [
    await add([], ['r']),
    await add([], ['r']),
    await add(['r']),
    await add([], ['r']),
    await add(['other']),
    await add([t.domain.pulpId]),
  ];
  assert.deepEqual(await blocked(ids), [false, false, true, true, false, false]);
  assert.deepEqual(
    await drain(),
    [ids[0], ids[1], ids[4], ids[5], ids[2], ids[3]].sort((a, b) => orderOf(a!) - orderOf(b!)),
  );
  function orderOf(id: number): number {
    // Once both shared ones have ended, the older of what is free comes first.
    return [ids[0], ids[1], ids[2], ids[3], ids[4], ids[5]].indexOf(id);
  }
});

test('names are recorded, empty ones dropped, double ones merged; every task holds its domain', async () => {
  const { id } = await dispatch(
    t.services,
    t.request('dummy_task', {}, { exclusive: ['a', null, 'a', undefined, ''], shared: ['a', 'b', 'b'] }),
  );
  const domain = `prn:core.domain:${t.domain.pulpId}`;
  assert.deepEqual((await t.task(id)).reserved_resources_record, ['a', 'shared:b', `shared:${domain}`]);
  const whole = await add([domain]);
  assert.deepEqual((await t.task(whole)).reserved_resources_record, [domain]);
  const later = await add(['c']);
  assert.deepEqual(await blocked([id, whole, later]), [false, true, true]);
  assert.deepEqual(await drain(), [id, whole, later]);
});

test('immediate tasks that are left to workers go first; older programs leave newer tasks alone', async () => {
  const plain = await add([]);
  const short = await add([], [], { immediate: true });
  const newer = await add([], [], { versions: { core: '4.0.0' } });
  const unknown = await add([], [], { versions: { catdog: '0.0.0' } });
  assert.deepEqual(await drain(), [short, plain]);
  const holder = await t.lease('new program');
  assert.equal((await nextTask(t.db, holder, { core: '3.123.1.dev', catdog: '0' }))?.id, unknown);
  await finishTask(t.db, unknown, holder.lease, completed);
  assert.equal((await nextTask(t.db, holder, { core: '3.99' }, unknown))?.id, undefined);
  assert.equal((await nextTask(t.db, holder, { core: '4.0' }))?.id, newer);
  await finishTask(t.db, newer, holder.lease, completed);
});

test('only the holder ends a task; what it gave up it cannot change', async () => {
  const id = await add(['x'], ['y']);
  const [mine, other] = [await t.lease('mine'), await t.lease('other')];
  await nextTask(t.db, mine, {});
  assert.equal(await finishTask(t.db, id, other.lease, completed), undefined);
  const outcome: Outcome = {
    state: 'failed',
    result: '1',
    error: { reason: 'R\0' },
    created: ['prn:a.b:1', 'prn:a.b:2'],
  };
  assert.equal(await finishTask(t.db, id, mine.lease, outcome), 'failed');
  assert.equal(await finishTask(t.db, id, mine.lease, completed), undefined);
  const row = await t.task(id);
  assert.deepEqual([row.error, row.result, row.created_resources], [{ reason: 'R' }, null, ['prn:a.b:1', 'prn:a.b:2']]);
  assert.equal(row.arguments, null);
  assert.equal((await t.db.rows(sql`select from task_resource where task_id = ${id}`)).length, 0);
});

test('a claim whose answer got lost is given again; without registration nothing is given', async () => {
  const id = await add([]);
  const holder = await t.lease('forgetful');
  assert.equal((await nextTask(t.db, holder, {}))?.id, id);
  assert.equal((await nextTask(t.db, holder, {}))?.id, id);
  await finishTask(t.db, id, holder.lease, completed);
  await t.db.run(sql`delete from app_status where lease = ${holder.lease}`);
  const next = await add([]);
  assert.equal(await nextTask(t.db, holder, {}), undefined);
  assert.deepEqual(await drain(), [next]);
});

test('followers are found when whoever ended a task or dispatched one died before telling', async () => {
  const holder = await t.lease('mortal');
  const first = await add(['z']);
  const second = await t.db.transaction((tx) =>
    enqueue(tx, t.services, t.request('dummy_task', {}, { exclusive: ['z'] })),
  );
  await nextTask(t.db, holder, {});
  await finishTask(t.db, first, holder.lease, completed);
  assert.deepEqual(await blocked([second.id]), [true]);
  assert.equal(await unblockAll(t.db), 1);
  assert.deepEqual(await drain(), [second.id]);
});

test('a task that is dispatched while its blocker ends is not forgotten', async () => {
  const holder = await t.lease('racer');
  for (let round = 0; round < 30; round++) {
    const first = await add(['race']);
    await nextTask(t.db, holder, {});
    const end = finishTask(t.db, first, holder.lease, completed).then(() => releaseTask(t.db, first));
    const second = add(['race']);
    await end;
    const id = await second;
    await until(
      async () => !(await blocked([id]))[0],
      2,
      () => `round ${round}: the task is blocked by nobody`,
    );
    assert.equal((await nextTask(t.db, holder, {}))?.id, id);
    await finishTask(t.db, id, holder.lease, completed);
  }
});

test('a group whose only task is canceled before it begins has all tasks that it will ever have', async () => {
  const [group, other] = [await createTaskGroup(t.db, 1, 'one'), await createTaskGroup(t.db, 1, 'two')];
  const told = async (id: string) =>
    (await t.db.row<{ all: boolean }>(sql`select all_tasks_dispatched as all from task_group where pulp_id = ${id}`))!
      .all;
  const { pulpId } = await dispatch(t.services, t.request('dummy_task', {}, { taskGroup: group }));
  const both = [1, 2].map(() => dispatch(t.services, t.request('dummy_task', {}, { taskGroup: other })));
  const [first, second] = await Promise.all(both);
  await cancelTask(t.db, pulpId);
  await cancelTask(t.db, first!.pulpId);
  assert.deepEqual([await told(group), await told(other)], [true, false]);
  await cancelTask(t.db, second!.pulpId);
  assert.equal(await told(other), true);
});

test('cancellation: waiting tasks end at once and free their followers, running ones are marked', async () => {
  const holder = await t.lease('canceled');
  const ids = [await add(['c']), await add(['c']), await add(['c'])] as [number, number, number];
  const running = (await nextTask(t.db, holder, {})) as RunnableTask;
  const waiting = await t.task(ids[1]);
  const canceled = await cancelTask(t.db, waiting.pulp_id);
  assert.deepEqual([canceled?.state, canceled?.started_at, canceled?.error], ['canceled', null, null]);
  assert.ok(canceled?.finished_at);
  assert.equal(await cancelTask(t.db, waiting.pulp_id), undefined);
  assert.equal((await cancelTask(t.db, running.pulp_id))?.state, 'canceling');
  assert.equal((await cancelTask(t.db, running.pulp_id))?.state, 'canceling');
  assert.deepEqual(await blocked([ids[2]]), [true]);
  assert.equal(await finishTask(t.db, running.id, holder.lease, completed), 'canceled');
  await releaseTask(t.db, running.id);
  assert.deepEqual(await drain(), [ids[2]]);
});

/** Repeatable numbers from 0 to below 1. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

function randomLocks(next: () => number): { exclusive: string[]; shared: string[] } {
  const exclusive: string[] = [];
  const shared: string[] = [];
  for (const name of names) {
    const dice = next();
    if (dice < 0.08) exclusive.push(name);
    else if (dice < 0.25) shared.push(name);
  }
  return { exclusive, shared };
}

test('thousands of tasks from many hands: no conflict runs at once, each resource in order, nothing lost', {
  timeout: 90_000,
}, async () => {
  const total = 2000;
  const db = openDatabase({ url: t.settings.databaseUrl, poolSize: 16 });
  const services = { ...t.services, db };
  const running = new Map<number, string[]>();
  let added = 0;
  let done = 0;

  function check(task: RunnableTask): void {
    const mine = new Set(task.reserved_resources_record);
    for (const [id, others] of running) {
      for (const name of others) {
        const clash = name.startsWith('shared:')
          ? mine.has(name.slice(7))
          : mine.has(name) || mine.has(`shared:${name}`);
        assert.ok(!clash, `${task.id} and ${id} both run with ${name}`);
      }
    }
  }

  async function dispatcher(seed: number): Promise<void> {
    const next = random(seed);
    while (added < total) {
      added++;
      const made = await dispatch(services, t.request('dummy_task', {}, randomLocks(next)));
      if (next() < 0.03 && (await cancelTask(db, made.pulpId))?.state === 'canceled') done++;
    }
  }

  async function claimer(number: number): Promise<void> {
    const next = random(100 + number);
    const holder = await t.lease(`claimer ${number}`);
    for (let finished: number | undefined; done < total; ) {
      const task = await nextTask(db, holder, {}, finished);
      finished = undefined;
      if (!task) {
        await turn();
        continue;
      }
      check(task);
      running.set(task.id, task.reserved_resources_record);
      for (let turns = next() * 4; turns > 0; turns--) await turn();
      running.delete(task.id);
      assert.ok(await finishTask(db, task.id, holder.lease, completed));
      done++;
      finished = task.id;
    }
  }

  await Promise.all([1, 2, 3, 4].map(dispatcher).concat([1, 2, 3, 4, 5].map(claimer)));
  await db.close();
  const left = await t.db.row(sql`select from task where state not in ('completed', 'failed', 'canceled')`);
  assert.equal(left, undefined);
  assert.equal(await t.db.row(sql`select from task_resource`), undefined);
  assert.deepEqual(await outOfOrder(), []);
});

/** Pairs of tasks that conflict and did not run one after the other in the order of the queue. */
function outOfOrder(): Promise<unknown[]> {
  return t.db.rows(sql`
    with held as (
      select id, started_at, finished_at, lock_ not like 'shared:%' as exclusive, regexp_replace(lock_, '^shared:', '') as name
        from task, unnest(reserved_resources_record) as lock_
        where started_at is not null and lock_ not like '%prn:core.domain:%'
    )
    select a.id as earlier, b.id as later, a.name from held a
      join held b on b.name = a.name and b.id > a.id and (a.exclusive or b.exclusive)
      where b.started_at < a.finished_at limit 5`);
}
