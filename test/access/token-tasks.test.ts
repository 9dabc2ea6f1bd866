/** A token of few permissions is limited to them in what it starts too: in tasks, their children, and what a schedule starts. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { userOfTask } from '../../src/access/task-user.ts';
import { sql } from '../../src/db/sql.ts';
import { requireRights } from '../../src/engines/replication/rights.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import type { TaskContext } from '../../src/plugin-api/contracts/task.ts';
import { openContext } from '../../src/tasking/context/task-context.ts';
import { purgeTask } from '../../src/tasking/queue/purge.ts';
import type { RunnableTask } from '../../src/tasking/queue/task-row.ts';
import { dispatchDueSchedules } from '../../src/tasking/schedules/schedules.ts';
import { useApi } from '../support/api.ts';
import { idOf, made, makeUser } from './world.ts';

const api = await useApi();
const { db, services } = api;

async function tokenOf(as: string, permissions: readonly string[]): Promise<string> {
  const body = { name: uuid7(), scope: 'permissions', permissions };
  const reply = await api.call('POST', 'tokens/', body, { as });
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  return `__token__:${reply.body.token}`;
}

/** The context in which a worker would run a task, opened without one. */
async function contextOf(pulpId: string): Promise<TaskContext> {
  const task = await db.row<RunnableTask>(sql`select t.*, d.pulp_id as domain_pulp_id, d.name as domain_name
    from task t join domain d on d.id = t.domain_id where t.pulp_id = ${pulpId}`);
  const { signal } = new AbortController();
  const holder = { lease: 0, worker: 'test' };
  return openContext(services, task!, { holder, stop: signal, signal, runner: undefined }).context;
}

/** A task asked for over the API, which no worker takes here. */
async function asked(path: string, body: object, as: string): Promise<TaskContext> {
  const reply = await api.call('POST', path, body, { as });
  assert.equal(reply.status, 202, JSON.stringify(reply.body));
  return await contextOf(idOf(reply.body.task));
}

/** How many tasks a purge would take. */
async function purged(permissions: readonly string[] | null, as: string): Promise<number> {
  const caller = permissions === null ? as : await tokenOf(as, permissions);
  const body = { finished_before: '2999-01-01T00:00:00Z', states: ['completed'] };
  const context = await asked('tasks/purge/', body, caller);
  const told = (await purgeTask.run(context, { ...body, dry_run: true })) as Record<string, number>;
  return told['core.Task']!;
}

const ADMIN = 'admin:password';
const user = await makeUser(api, 'purger');
for (const by of [null, user.id]) {
  await db.run(sql`insert into task (pulp_id, domain_id, name, state, logging_cid, created_by, pulp_created,
      pulp_last_updated, finished_at)
    select ${uuid7()}, id, 'one', 'completed', '', ${by}, now(), now(), now() from domain where name = 'default'`);
}

test('a purge takes what the token may delete', async () => {
  assert.equal(await purged(null, ADMIN), 2);
  assert.equal(await purged(['core.delete_task'], ADMIN), 2);
  assert.equal(await purged(['file.view_filerepository'], ADMIN), 0);
  assert.equal(await purged(null, user.as), 1);
  assert.equal(await purged(['core.delete_task'], user.as), 1);
  assert.equal(await purged(['core.view_task'], user.as), 0);
});

test('the limit goes to children and is that of the user a task sees', async () => {
  const token = await tokenOf(ADMIN, ['file.view_filerepository']);
  const context = await asked('tasks/purge/', {}, token);
  const limit = { permissions: ['file.view_filerepository'], ofSuperuser: true };
  assert.deepEqual(context.task.limit, limit);
  const { isSuperuser, limit: seen, username } = (await userOfTask(context))!;
  assert.deepEqual({ isSuperuser, seen, username }, { isSuperuser: false, seen: limit, username: 'admin' });
  const child = await context.dispatch({ name: 'any', args: {} });
  assert.deepEqual((await contextOf(child.pulpId)).task.limit, limit);
  const whole = await asked('tasks/purge/', {}, ADMIN);
  assert.equal(whole.task.limit, null);
  assert.equal((await userOfTask(whole))!.isSuperuser, true);
});

test('a replication deletes nothing that the token may not delete', async () => {
  const repository = await made(api, 'repositories/file/file/', { name: 'own' });
  const own = { id: idOf(repository), name: 'own', type: 'file.file', labels: {} };
  const item = { act: 'delete', object: 'repository', type: 'file.file', name: 'own', id: own.id };
  const check = async (permissions: readonly string[] | null) => {
    const as = permissions === null ? ADMIN : await tokenOf(ADMIN, permissions);
    const local = { distributions: [], remotes: [], repositories: [own] };
    const planned = { plan: { items: [item] }, local } as unknown as Parameters<typeof requireRights>[2];
    await requireRights(await asked('tasks/purge/', {}, as), uuid7(), planned);
  };
  await check(null);
  await check(['file.delete_filerepository']);
  await assert.rejects(check(['core.replicate_upstreampulp']), /needs file\.delete_filerepository/);
});

test('what a schedule starts has the limit of the token that made it', async () => {
  const limit = { permissions: ['core.view_taskschedule'], ofSuperuser: true };
  await db.run(sql`insert into task_schedule (pulp_id, name, task_name, next_dispatch, dispatch_interval, created_by, caller_limit)
    values (${uuid7()}, 'limited', 'any', now(), '1 day', 1, ${JSON.stringify(limit)}::jsonb)`);
  await dispatchDueSchedules(services);
  const task = await db.row<{ pulp_id: string }>(
    sql`select last_task_id as pulp_id from task_schedule where name = 'limited'`,
  );
  assert.deepEqual((await contextOf(task!.pulp_id)).task.limit, limit);
});
