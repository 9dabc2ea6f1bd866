/** Access policies: changing and resetting them, every kind of principal, statement and scoping, and policies from the settings. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { useApi } from '../support/api.ts';
import { give, made, makeUser } from './world.ts';

const api = await useApi();
const { call } = api;
const [ann, bob] = [await makeUser(api, 'ann'), await makeUser(api, 'bob')];
await made(api, 'groups/', { name: 'team' });
const repository = await made(api, 'repositories/file/file/', { name: 'one' });
await give(api, ann, 'file.filerepository_viewer', repository);

const policyOf = async (view: string) => (await call('GET', `access_policies/?viewset_name=${view}`)).body.results[0];
const VIEW = 'repositories/file/file';
const original = await policyOf(VIEW);

const change = async (values: object) => {
  const reply = await call('PATCH', original.pulp_href, values);
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  return reply.body;
};
const reset = () => call('POST', `${original.pulp_href}reset/`);
const allow = (action: string, principal: string | string[], more: object = {}) => ({
  action: [action],
  principal,
  effect: 'allow',
  ...more,
});
const list = async (as: string | null) => (await call('GET', 'repositories/file/file/', undefined, { as })).status;

test('a change is kept, marked, and works at once; a reset brings the default back', async () => {
  const changed = await change({ statements: [allow('list', 'authenticated')] });
  assert.equal(changed.customized, true);
  assert.deepEqual(changed.permissions_assignment, changed.creation_hooks);
  assert.equal((await call('GET', repository, undefined, { as: ann.as })).status, 403);
  assert.equal((await call('GET', repository)).status, 403);
  const back = await reset();
  assert.equal(back.status, 200);
  const { pulp_last_updated: _, ...facts } = back.body;
  const { pulp_last_updated: __, ...before } = original;
  assert.deepEqual(facts, before);
  assert.equal((await call('GET', repository, undefined, { as: ann.as })).status, 200);
});

test('statements are needed, views are not made or deleted', async () => {
  assert.deepEqual((await call('PUT', original.pulp_href, {})).body, { statements: ['This field is required.'] });
  assert.deepEqual((await call('PATCH', original.pulp_href, { statements: 'x' })).body, {
    statements: ['Expected a list of items but got type "str".'],
  });
  assert.equal((await call('DELETE', original.pulp_href)).status, 405);
  assert.equal((await call('POST', 'access_policies/')).status, 405);
});

test('the old name of the hooks is the same field', async () => {
  const hooks = [
    { function: 'add_roles_for_users', parameters: { roles: 'file.filerepository_viewer', users: ['bob'] } },
  ];
  const { body } = await call('PATCH', original.pulp_href, { permissions_assignment: hooks });
  assert.deepEqual(body.creation_hooks, hooks);
  const both = await call('PATCH', original.pulp_href, { permissions_assignment: hooks, creation_hooks: [] });
  assert.equal(both.status, 400);
  await reset();
});

for (const [what, statements, expected] of [
  ['everybody', [allow('list', '*')], [200, 200, 200]],
  ['who has not logged in', [allow('list', 'anonymous')], [200, 403, 403]],
  ['administrators', [allow('*', 'admin')], [401, 403, 403]],
  ['staff', [allow('list', 'staff')], [401, 403, 403]],
  ['one user', [allow('list', `user:${ann.id}`)], [401, 200, 403]],
  ['one of several', [allow('list', [`user:${bob.id}`, 'admin'])], [401, 403, 200]],
  ['safe methods', [allow('<safe_methods>', 'authenticated')], [401, 200, 200]],
  [
    'a denial goes first',
    [allow('*', '*'), { action: '*', principal: `user:${ann.id}`, effect: 'deny' }],
    [200, 403, 200],
  ],
  ['a condition nobody knows', [allow('list', '*', { condition: 'has_luck:today' })], [401, 403, 403]],
  ['a group without the user', [allow('list', 'group:team')], [401, 403, 403]],
  [
    'expression with or',
    [allow('list', 'authenticated', { condition_expression: 'has_model_perms:core.view_task or not has_luck:x' })],
    [401, 200, 200],
  ],
  [
    'expression with and',
    [
      allow('list', 'authenticated', {
        condition_expression: ['(has_luck:x or not has_luck:x) and has_model_perms:core.view_task'],
      }),
    ],
    [401, 403, 403],
  ],
  [
    'a broken expression',
    [allow('list', 'authenticated', { condition_expression: '(not has_luck:x' })],
    [401, 403, 403],
  ],
] as const) {
  test(`a statement for ${what}`, async () => {
    await change({ statements });
    assert.deepEqual([await list(null), await list(ann.as), await list(bob.as)], expected);
    await reset();
  });
}

test('a statement for a group', async () => {
  const group = (await call('GET', 'groups/?name=team')).body.results[0].pulp_href;
  await call('POST', `${group}users/`, { username: 'bob' });
  await change({ statements: [allow('list', 'group:team')] });
  assert.deepEqual([await list(ann.as), await list(bob.as), await list('admin:password')], [403, 200, 403]);
  await call('POST', `${group}users/`, { username: 'admin' });
  assert.equal(await list('admin:password'), 200);
  await reset();
});

test('without scoping everything is listed', async () => {
  const count = async (as: string) => (await call('GET', 'repositories/file/file/', undefined, { as })).body.count;
  assert.equal(await count(bob.as), 0);
  await change({ queryset_scoping: {} });
  assert.equal(await count(bob.as), 1);
  await change({ queryset_scoping: null });
  assert.equal(await count(bob.as), 1);
  await reset();
  assert.equal(await count(bob.as), 0);
});

test('creation hooks give roles to users, groups and the creator', async () => {
  await change({
    creation_hooks: [
      {
        function: 'add_roles_for_object_creator',
        parameters: { roles: ['file.filerepository_owner', 'file.filerepository_viewer', 'no.such'] },
      },
      {
        function: 'add_roles_for_users',
        parameters: { roles: 'file.filerepository_viewer', users: ['ann', 'nobody'] },
      },
      { function: 'add_roles_for_groups', parameters: { roles: 'file.filerepository_owner', groups: 'team' } },
      { function: 'add_something_else', parameters: null },
    ],
  });
  const made_ = await made(api, 'repositories/file/file/', { name: 'hooked' });
  assert.deepEqual((await call('GET', `${made_}list_roles/`)).body.roles, [
    { role: 'file.filerepository_owner', users: ['admin'], groups: ['team'] },
    { role: 'file.filerepository_viewer', users: ['admin', 'ann'], groups: [] },
  ]);
  await reset();
});

test('policies of the settings replace those of the database', async () => {
  const other = await useApi({
    accessPolicies: { [VIEW]: { statements: [allow('list', '*')], creation_hooks: [], queryset_scoping: null } },
  });
  assert.equal((await other.call('GET', 'repositories/file/file/', undefined, { as: null })).status, 200);
  assert.equal((await other.call('POST', 'repositories/file/file/', { name: 'x' })).status, 403);
  assert.equal((await other.call('GET', 'remotes/file/file/', undefined, { as: null })).status, 401);
});
