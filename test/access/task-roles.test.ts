/** Who starts a task owns it: the roles that follow from it are listed like others (core.md §2.1, §7.3). */
import assert from 'node:assert/strict';
import test from 'node:test';
import { useApi } from '../support/api.ts';

const { call } = await useApi();

async function made(path: string, body: object, as?: string) {
  const reply = await call('POST', path, body, as ? { as } : {});
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  return reply.body;
}

const AS = 'starter:a long word 17';
const user = await made('users/', { username: 'starter', password: 'a long word 17' });
const repository = await made('repositories/file/file/', { name: 'task-roles' });
await made(`${user.pulp_href}roles/`, { role: 'file.filerepository_owner', content_object: repository.pulp_href });

async function startTask(description: string): Promise<string> {
  const { status, body } = await call('PATCH', repository.pulp_href, { description }, { as: AS });
  assert.equal(status, 202);
  return body.task;
}
const first = await startTask('one');
const second = await startTask('two');

async function rolesOf(query = ''): Promise<[string, string][]> {
  const { body } = await call('GET', `${user.pulp_href}roles/${query}`);
  assert.equal(body.count, body.results.length);
  return body.results.map((one: { role: string; content_object: string }) => [one.role, one.content_object]);
}

test('the starter holds both roles of each task, on nothing but the task', async () => {
  const held = await rolesOf();
  assert.deepEqual(held.sort(), [
    ...[first, second].map((task) => ['core.task_owner', task]),
    ...[first, second].map((task) => ['core.task_user_dispatcher', task]),
    ['file.filerepository_owner', repository.pulp_href],
  ]);
  assert.deepEqual(await rolesOf(`?content_object=${second}&role=core.task_owner`), [['core.task_owner', second]]);
  assert.deepEqual(await rolesOf('?ordering=role&limit=1&fields=role,content_object&role=core.task_viewer'), []);
});

test('an assignment that follows from a task is read by its href, taken and given back', async () => {
  const { body: list } = await call('GET', `${user.pulp_href}roles/?content_object=${first}&ordering=role`);
  const [owner, dispatcher] = list.results;
  for (const one of [owner, dispatcher]) assert.deepEqual((await call('GET', one.pulp_href)).body, one);
  const give = () => call('POST', `${user.pulp_href}roles/`, { role: 'core.task_owner', content_object: first });
  const twice = await give();
  assert.deepEqual(
    [twice.status, twice.body],
    [400, { non_field_errors: ['The role is already assigned to this user.'] }],
  );
  assert.equal((await call('DELETE', owner.pulp_href)).status, 204);
  assert.equal((await call('GET', owner.pulp_href)).status, 404);
  assert.equal((await call('GET', first, undefined, { as: AS })).status, 404);
  const back = await give();
  assert.deepEqual([back.status, back.body.pulp_href], [201, owner.pulp_href]);
  assert.equal((await call('GET', first, undefined, { as: AS })).status, 200);
  assert.equal((await call('DELETE', dispatcher.pulp_href)).status, 400);
});

test('roles of a task go with it', async () => {
  assert.equal((await call('DELETE', second, undefined, { as: AS })).status, 204);
  assert.deepEqual(await rolesOf(`?role__in=core.task_owner,core.task_user_dispatcher&ordering=role`), [
    ['core.task_owner', first],
    ['core.task_user_dispatcher', first],
  ]);
});
