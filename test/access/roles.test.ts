/** Users, groups, roles and their assignment: answers, errors and filters (core.md §7.2). */
import assert from 'node:assert/strict';
import test from 'node:test';
import { useApi } from '../support/api.ts';
import { give, idOf, made, makeUser, PASSWORD } from './world.ts';

const api = await useApi();
const { call } = api;
const REPOSITORIES = 'repositories/file/file/';

test('a user', async () => {
  const { status, body, headers } = await call('POST', 'users/', {
    username: 'kim',
    password: PASSWORD,
    email: 'kim@example.com',
  });
  assert.equal(status, 201);
  assert.equal(headers.get('location'), body.pulp_href);
  const { date_joined, ...rest } = body;
  assert.match(date_joined, /Z$/);
  assert.deepEqual(rest, {
    pulp_href: `/pulp/api/v3/users/${body.id}/`,
    prn: `prn:auth.user:${body.id}`,
    id: body.id,
    username: 'kim',
    first_name: '',
    last_name: '',
    email: 'kim@example.com',
    is_staff: false,
    is_active: true,
    groups: [],
    hidden_fields: [{ name: 'password', is_set: true }],
  });
  const changed = await call('PATCH', body.pulp_href, { first_name: 'Kim', password: null });
  assert.deepEqual(
    [changed.status, changed.body.first_name, changed.body.hidden_fields[0].is_set],
    [200, 'Kim', false],
  );
  assert.equal((await call('GET', 'login/', undefined, { as: `kim:${PASSWORD}` })).status, 401);
  assert.equal((await call('DELETE', body.pulp_href)).status, 204);
  assert.deepEqual((await call('GET', body.pulp_href)).body, { detail: 'No User matches the given query.' });
});

for (const [what, sent, expected] of [
  ['a name that is taken', { username: 'admin' }, { username: ['This field must be unique.'] }],
  ['a missing name', {}, { username: ['This field is required.'] }],
  ['an address that is none', { username: 'x', email: 'nope' }, { email: ['Enter a valid email address.'] }],
  ['an unknown key', { username: 'x', is_superuser: true }, { is_superuser: ['Unexpected field'] }],
  [
    'a bad password',
    { username: 'x', password: '12345' },
    {
      non_field_errors: [
        'This password is too short. It must contain at least 8 characters.',
        'This password is entirely numeric.',
      ],
    },
  ],
  ['an empty password', { username: 'x', password: '' }, { password: ['This field may not be blank.'] }],
] as const) {
  test(`no user with ${what}`, async () => {
    const { status, body } = await call('POST', 'users/', sent);
    assert.deepEqual([status, body], [400, expected]);
  });
}

test('an account that is not active cannot be used, and its sessions end', async () => {
  const user = await makeUser(api, 'gone');
  const login = await call('POST', 'login/', undefined, { as: user.as });
  const cookie = login.headers
    .getSetCookie()
    .map((one) => one.split(';', 1)[0])
    .join('; ');
  const who = () => call('GET', 'login/', undefined, { as: null, headers: { cookie } });
  assert.equal((await who()).status, 200);
  await call('PATCH', user.href, { is_active: false });
  assert.equal((await who()).status, 401);
  assert.equal((await call('GET', 'login/', undefined, { as: user.as })).status, 401);
});

test('the last superuser stays', async () => {
  assert.equal((await call('DELETE', 'users/1/')).status, 400);
});

test('groups and members', async () => {
  const user = await makeUser(api, 'member');
  const { body: group } = await call('POST', 'groups/', { name: 'g' });
  assert.deepEqual(group, {
    name: 'g',
    pulp_href: `/pulp/api/v3/groups/${group.id}/`,
    prn: `prn:core.group:${group.id}`,
    id: group.id,
  });
  assert.deepEqual((await call('POST', 'groups/', { name: 'g' })).body, { name: ['This field must be unique.'] });
  const users = `${group.pulp_href}users/`;
  const member = { username: 'member', pulp_href: user.href, prn: `prn:auth.user:${user.id}` };
  for (const body of [{ username: 'member' }, { id: user.id }, { pk: String(user.id) }]) {
    const added = await call('POST', users, body);
    assert.deepEqual([added.status, added.body], [201, member]);
  }
  assert.deepEqual((await call('POST', users, {})).body, [
    "Please provide one of the following values for User: 'pk', 'id', 'username'",
  ]);
  assert.deepEqual((await call('POST', users, { username: 'x' })).body, ['Could not find user x']);
  assert.deepEqual((await call('GET', users)).body, { count: 1, next: null, previous: null, results: [member] });
  const { body: shown } = await call('GET', user.href);
  assert.deepEqual(shown.groups, [{ name: 'g', pulp_href: group.pulp_href, prn: `prn:auth.group:${group.id}` }]);
  assert.equal((await call('GET', `${users}${user.id}/`)).status, 405);
  assert.equal((await call('DELETE', `${users}${user.id}/`)).status, 204);
  assert.deepEqual((await call('DELETE', `${users}${user.id}/`)).body, { detail: 'No User matches the given query.' });
  assert.deepEqual((await call('GET', 'groups/99/users/')).body, { detail: 'No Group matches the given query.' });
  assert.equal((await call('GET', user.href)).status, 200);
});

test('roles are made, changed, found and deleted', async () => {
  const { status, body } = await call('POST', 'roles/', {
    name: 'mine',
    permissions: ['file.view_fileremote', 'core.view_task', 'file.add_filerepository', 'core.view_task'],
  });
  assert.equal(status, 201);
  assert.deepEqual([body.locked, body.description], [false, null]);
  assert.deepEqual([...body.permissions].sort(), ['core.view_task', 'file.add_filerepository', 'file.view_fileremote']);
  const changed = await call('PATCH', body.pulp_href, { permissions: ['core.view_task'] });
  assert.deepEqual([changed.status, changed.body.permissions], [200, ['core.view_task']]);
  assert.deepEqual((await call('POST', 'roles/', { name: 'mine', permissions: [] })).body, {
    name: ['This field must be unique.'],
  });
  assert.deepEqual((await call('POST', 'roles/', { name: 'x' })).body, { permissions: ['This field is required.'] });
  assert.deepEqual((await call('POST', 'roles/', { name: 'x', permissions: ['nope'] })).body, {
    permissions: ["Permission 'nope' is not in the format '<app_label>.<codename>'."],
  });
  assert.deepEqual((await call('POST', 'roles/', { name: 'x', permissions: ['file.nope'] })).body, {
    permissions: ["Permission 'file.nope' does not exist."],
  });
  assert.equal((await call('DELETE', body.pulp_href)).status, 204);
});

test('locked roles stay as they are', async () => {
  const { body } = await call('GET', 'roles/?name=core.task_owner');
  const [role] = body.results;
  assert.equal(role.locked, true);
  for (const [method, sent] of [
    ['PATCH', { description: 'x' }],
    ['PATCH', { permissions: ['nope'] }],
    ['PUT', { name: 'x', permissions: [] }],
    ['DELETE', undefined],
  ] as const) {
    const reply = await call(method, role.pulp_href, sent);
    assert.deepEqual([reply.status, reply.body], [403, { detail: 'The role is locked.' }]);
  }
});

test('roles by permission and by type', async () => {
  const names = async (query: string) =>
    (await call('GET', `roles/?fields=name&${query}`)).body.results.map((one: { name: string }) => one.name).sort();
  assert.deepEqual(await names('contains_permission=file.add_filerepository'), ['file.filerepository_creator']);
  const any = ['file.fileremote_creator', 'file.filerepository_creator'];
  assert.deepEqual(
    await names('contains_permission=file.add_filerepository&contains_permission=file.add_fileremote'),
    any,
  );
  assert.deepEqual(await names('contains_permission=file.add_filerepository,file.add_fileremote'), any);
  const ofGroups = ['core.group_creator', 'core.group_owner', 'core.group_viewer'];
  assert.deepEqual(await names('for_object_type=/pulp/api/v3/groups/'), ofGroups);
  const group = await made(api, 'groups/', { name: 'typed' });
  assert.deepEqual(await names(`for_object_type=${group}`), ofGroups);
  assert.deepEqual((await call('GET', 'roles/?for_object_type=nope')).body, ['URI not valid: nope']);
});

test('roles of a user', async () => {
  const user = await makeUser(api, 'holder');
  const repository = await made(api, REPOSITORIES, { name: 'held' });
  const roles = `${user.href}roles/`;
  const refused: [object, object][] = [
    [{}, { role: ['This field is required.'] }],
    [{ role: 'nope', content_object: null }, { role: ['Object with name=nope does not exist.'] }],
    [
      { role: 'core.task_viewer' },
      {
        non_field_errors: [
          "Either 'content_object' or 'content_object_prn' needs to be specified. Use 'null' for global or domain level access.",
        ],
      },
    ],
    [
      { role: 'core.task_viewer', content_object: repository },
      { non_field_errors: ["The role 'core.task_viewer' does not carry any permission for that object."] },
    ],
    [{ role: 'core.task_viewer', content_object: 'foo' }, { content_object: ['Invalid value: foo.'] }],
    [
      { role: 'core.group_viewer', content_object: '/pulp/api/v3/groups/77/' },
      { content_object: ['Invalid value: /pulp/api/v3/groups/77/.'] },
    ],
    [
      { role: 'core.group_viewer', content_object_prn: 'prn:file.filerepository:77' },
      { content_object_prn: ['“77” is not a valid UUID.'] },
    ],
    [
      { role: 'core.task_viewer', content_object: null, domain: repository },
      { domain: ['Invalid hyperlink - Incorrect URL match.'] },
    ],
  ];
  for (const [sent, expected] of refused) assert.deepEqual((await call('POST', roles, sent)).body, expected);
  const wide = await call('POST', roles, { role: 'core.task_owner', content_object: null });
  const { pulp_created, pulp_last_updated, ...rest } = wide.body;
  assert.equal(wide.status, 201);
  assert.deepEqual(
    [pulp_created, rest],
    [
      pulp_last_updated,
      {
        pulp_href: `${roles}${idOf(rest.pulp_href)}/`,
        prn: `prn:core.userrole:${idOf(rest.pulp_href)}`,
        role: 'core.task_owner',
        content_object: null,
        content_object_prn: null,
        description: 'Allow all actions on a task.',
        permissions: [
          'core.change_task',
          'core.delete_task',
          'core.manage_roles_task',
          'core.view_task',
          'core.view_task_profile_artifacts',
        ],
        domain: null,
      },
    ],
  );
  const again = await call('POST', roles, { role: 'core.task_owner', content_object_prn: null });
  assert.deepEqual(again.body, { non_field_errors: ['The role is already assigned to this user.'] });
  const prn = `prn:file.filerepository:${idOf(repository)}`;
  const single = await call('POST', roles, { role: 'file.filerepository_viewer', content_object_prn: prn });
  assert.deepEqual([single.body.content_object, single.body.content_object_prn], [repository, prn]);
  const count = async (query: string) => (await call('GET', `${roles}?${query}`)).body.count;
  assert.deepEqual(
    await Promise.all(
      [
        '',
        `content_object=${repository}`,
        'content_object=null',
        'domain=null',
        'role=core.task_owner',
        'role__in=core.task_owner,file.filerepository_viewer',
        'role__startswith=file',
        'role__icontains=TASK',
      ].map(count),
    ),
    [2, 1, 1, 2, 1, 2, 1, 1],
  );
  assert.deepEqual((await call('GET', `${roles}?content_object=foo`)).body, [
    "Invalid value for 'content_object': foo.",
  ]);
  const ordered = await call('GET', `${roles}?ordering=role&fields=role`);
  assert.deepEqual(ordered.body.results, [{ role: 'core.task_owner' }, { role: 'file.filerepository_viewer' }]);
  assert.deepEqual((await call('GET', wide.body.pulp_href)).body, wide.body);
  assert.equal((await call('DELETE', wide.body.pulp_href)).status, 204);
  assert.equal((await call('GET', 'users/999/roles/')).status, 404);
});

test('roles of a group', async () => {
  const group = await made(api, 'groups/', { name: 'with roles' });
  const body = { role: 'core.task_viewer', content_object: null };
  const given = await call('POST', `${group}roles/`, body);
  assert.deepEqual([given.status, given.body.prn], [201, `prn:core.grouprole:${idOf(given.body.pulp_href)}`]);
  assert.deepEqual((await call('POST', `${group}roles/`, body)).body, {
    non_field_errors: ['The role is already assigned to this group.'],
  });
  const user = await makeUser(api, 'through group');
  await call('POST', `${group}users/`, { username: user.name });
  assert.ok((await call('GET', 'tasks/', undefined, { as: user.as })).status === 200);
  const byAdmin = await call('POST', 'tasks/purge/', {});
  assert.equal((await call('GET', byAdmin.body.task, undefined, { as: user.as })).status, 200);
  await call('DELETE', given.body.pulp_href);
  assert.equal((await call('GET', byAdmin.body.task, undefined, { as: user.as })).status, 404);
});

test('adding and removing roles is all or nothing', async () => {
  const repository = await made(api, REPOSITORIES, { name: 'shared' });
  await Promise.all([makeUser(api, 'first'), makeUser(api, 'second')]);
  const act = async (action: string, body: object) => (await call('POST', `${repository}${action}/`, body)).body;
  const role = 'file.filerepository_viewer';
  assert.deepEqual(await act('add_role', { role, users: ['second'] }), { users: ['second'], groups: [], role });
  assert.deepEqual(await act('add_role', { role, users: ['first', 'second'] }), {
    non_field_errors: ["The role is already assigned to user 'second'."],
  });
  assert.deepEqual(await act('remove_role', { role, users: ['second', 'first'] }), {
    non_field_errors: ["The role is not assigned to user 'first'."],
  });
  assert.deepEqual(await act('add_role', { role, users: ['first', 'nob'], groups: ['nog'] }), {
    users: { 1: ['Object with username=nob does not exist.'] },
    groups: { 0: ['Object with name=nog does not exist.'] },
  });
  assert.deepEqual(await act('add_role', { role: 'nope' }), { role: ['Object with name=nope does not exist.'] });
  assert.deepEqual(await act('add_role', { role: 'file.fileremote_owner', users: ['first'] }), {
    non_field_errors: ['The role does not contain any permission for that object.'],
  });
  assert.deepEqual((await call('GET', `${repository}list_roles/`)).body.roles, [
    { role: 'file.filerepository_owner', users: ['admin'], groups: [] },
    { role, users: ['second'], groups: [] },
  ]);
});

test('changing a role changes what its holders may do, at once', async () => {
  const user = await makeUser(api, 'changing');
  const { body: role } = await call('POST', 'roles/', { name: 'changing', permissions: [] });
  await give(api, user, 'changing');
  const create = async (name: string) => (await call('POST', REPOSITORIES, { name }, { as: user.as })).status;
  assert.equal(await create('no'), 403);
  await call('PATCH', role.pulp_href, { permissions: ['file.add_filerepository'] });
  assert.equal(await create('yes'), 201);
  await call('DELETE', role.pulp_href);
  assert.equal(await create('again'), 403);
});
