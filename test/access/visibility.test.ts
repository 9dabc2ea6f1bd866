/** What users do not see: content, tasks, versions, lists of any type, filters, counts and errors tell nothing of it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { useApi } from '../support/api.ts';
import { addUnit, give, idOf, made, makeUser, unit } from './world.ts';

const api = await useApi();
const { call } = api;
const nobody = await makeUser(api, 'nobody');
const reader = await makeUser(api, 'reader');
const everywhere = await makeUser(api, 'everywhere');
const open = await made(api, 'repositories/file/file/', { name: 'open', pulp_labels: { stage: 'test' } });
const secret = await made(api, 'repositories/file/file/', { name: 'secret', pulp_labels: { stage: 'test' } });
const secretRemote = await made(api, 'remotes/file/file/', {
  name: 'secret-remote',
  url: 'http://example.com/',
  policy: 'on_demand',
});
await give(api, reader, 'file.filerepository_viewer', open);
await give(api, everywhere, 'file.filerepository_viewer');
const inOpen = await unit(api, open);
const inSecret = await unit(api, secret);
const inBoth = await unit(api, open);
await addUnit(api, inBoth, secret);
const orphan = await unit(api);

const hrefs = async (path: string, as: string) => {
  const { status, body } = await call('GET', path, undefined, { as });
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.count, body.results.length);
  return body.results.map((one: { pulp_href: string }) => one.pulp_href).sort();
};

test('content is seen through repositories', async () => {
  for (const path of ['content/file/files/', 'content/']) {
    assert.deepEqual(await hrefs(path, nobody.as), []);
    const generic = path === 'content/';
    const expected = (list: string[]) => (generic ? list.length : [...list].sort());
    const got = async (as: string) => {
      const { body } = await call('GET', path, undefined, { as });
      return generic ? body.count : body.results.map((one: { pulp_href: string }) => one.pulp_href).sort();
    };
    assert.deepEqual(await got(reader.as), expected([inOpen, inBoth]));
    assert.deepEqual(await got(everywhere.as), expected([inOpen, inBoth, inSecret]));
    assert.deepEqual(await got('admin:password'), expected([inOpen, inBoth, inSecret, orphan]));
  }
  assert.equal((await call('GET', inOpen, undefined, { as: reader.as })).status, 200);
  for (const hidden of [inSecret, orphan]) {
    const reply = await call('GET', hidden, undefined, { as: reader.as });
    assert.deepEqual([reply.status, reply.body], [404, { detail: 'No FileContent matches the given query.' }]);
  }
});

test('filters find nothing that is hidden', async () => {
  const as = reader.as;
  // what is in a hidden version is not told, not even of units that are seen through another repository; nor that there is one
  const never = secret.replace(idOf(secret), '0195c0de-0000-7000-8000-000000000000');
  for (const repository of [secret, never]) {
    for (const [filter, value] of [
      ['repository_version', `${repository}versions/0/`],
      ['repository_version', repository],
      ['added_between', `${open}versions/0/,${repository}versions/0/`],
    ] as const) {
      const { status, body } = await call('GET', `content/file/files/?${filter}=${value}`, undefined, { as });
      assert.deepEqual([status, body.count, body.results], [200, 0, []]);
    }
  }
  assert.deepEqual(await hrefs(`content/file/files/?pulp_href__in=${inSecret}`, as), []);
  assert.deepEqual(await hrefs('repositories/file/file/?pulp_label_select=stage=test', as), [open]);
  assert.deepEqual(await hrefs('repositories/file/file/?name=secret', as), []);
  assert.deepEqual(
    await hrefs(`repositories/file/file/?q=${encodeURIComponent('name=secret OR NOT name=open')}`, as),
    [],
  );
  const hidden = await call('GET', `repositories/file/file/?with_content=${inSecret}`, undefined, { as });
  assert.deepEqual([hidden.status, hidden.body], [400, [`URI ${inSecret} not found for content.`]]);
  assert.deepEqual(await hrefs(`repositories/?with_content=${inBoth}`, as), [open]);
  assert.deepEqual(await hrefs(`repositories/?prn__in=prn:file.filerepository:${idOf(secret)}`, as), []);
});

test('lists of any type show what the lists of the types show', async () => {
  assert.deepEqual(await hrefs('repositories/', reader.as), [open]);
  assert.deepEqual(await hrefs('repositories/', everywhere.as), [open, secret].sort());
  assert.deepEqual(await hrefs('remotes/', everywhere.as), []);
  assert.deepEqual(await hrefs('remotes/', 'admin:password'), [secretRemote]);
  for (const path of ['publications/', 'distributions/', 'contentguards/', 'task-groups/', 'task-schedules/']) {
    assert.deepEqual(await hrefs(path, nobody.as), []);
  }
});

test('versions are seen with their repository', async () => {
  assert.deepEqual(await hrefs('repository_versions/', reader.as), [`${open}versions/0/`]);
  assert.deepEqual(await hrefs('repository_versions/', nobody.as), []);
  assert.deepEqual(await hrefs(`${open}versions/`, reader.as), [`${open}versions/0/`]);
  for (const path of [`${secret}versions/`, `${secret}versions/0/`]) {
    assert.equal((await call('GET', path, undefined, { as: reader.as })).status, 403);
  }
  const never = secret.replace(idOf(secret), '0195c0de-0000-7000-8000-000000000000');
  assert.equal((await call('GET', `${never}versions/`, undefined, { as: reader.as })).status, 404);
  assert.equal((await call('DELETE', `${open}versions/0/`, undefined, { as: reader.as })).status, 403);
});

test('bodies cannot name what the caller may not use', async () => {
  const maker = await makeUser(api, 'maker');
  for (const role of [
    'file.filerepository_creator',
    'file.filedistribution_creator',
    'file.filepublication_creator',
    'file.filealternatecontentsource_creator',
    'core.upload_creator',
  ]) {
    await give(api, maker, role);
  }
  const tries: [string, object][] = [
    ['repositories/file/file/', { name: 'mine', remote: secretRemote }],
    ['repositories/file/file/', { name: 'mine', remote: `prn:file.fileremote:${idOf(secretRemote)}` }],
    ['repositories/file/file/', { name: 'mine', remote: `http://somewhere${secretRemote}` }],
    ['distributions/file/file/', { name: 'mine', base_path: 'mine', repository: secret }],
    ['publications/file/file/', { repository: secret }],
    ['publications/file/file/', { repository_version: `${secret}versions/0/` }],
    ['acs/file/file/', { name: 'mine', remote: secretRemote }],
    ['content/file/files/', { relative_path: 'mine', file_url: 'http://example.com/', repository: secret }],
  ];
  for (const [path, body] of tries) {
    const reply = await call('POST', path, body, { as: maker.as });
    assert.deepEqual(
      [reply.status, reply.body],
      [403, { detail: 'You do not have permission to perform this action.' }],
      `${path} ${JSON.stringify(body)}`,
    );
  }
  const mine = await call('POST', 'repositories/file/file/', { name: 'mine' }, { as: maker.as });
  assert.equal(mine.status, 201);
  const href = mine.body.pulp_href;
  assert.equal((await call('PATCH', href, { remote: secretRemote }, { as: maker.as })).status, 403);
  assert.equal((await call('POST', `${href}sync/`, { remote: secretRemote }, { as: maker.as })).status, 403);
  const form = new URLSearchParams({ remote: secretRemote });
  assert.equal((await call('POST', `${href}sync/`, form, { as: maker.as })).status, 403);
  const upload = await made(api, 'uploads/', { size: 1 });
  const withUpload = { relative_path: 'mine', upload, repository: href };
  assert.equal((await call('POST', 'content/file/files/', withUpload, { as: maker.as })).status, 403);
  await give(api, maker, 'file.fileremote_viewer', secretRemote);
  assert.ok([200, 202].includes((await call('PATCH', href, { remote: secretRemote }, { as: maker.as })).status));
});

test('an upload needs a repository, and rights on it', async () => {
  const body = { relative_path: 'x', file_url: 'http://example.com/x' };
  const none = await call('POST', 'content/file/files/', body, { as: reader.as });
  assert.deepEqual([none.status, none.body], [400, ['Destination upload repository was not provided.']]);
  assert.equal(
    (await call('POST', 'content/file/files/', { ...body, repository: open }, { as: reader.as })).status,
    403,
  );
  assert.equal((await call('POST', 'content/file/files/upload/', body, { as: reader.as })).status, 403);
  await give(api, reader, 'file.filerepository_owner', open);
  assert.equal(
    (await call('POST', 'content/file/files/', { ...body, repository: open }, { as: reader.as })).status,
    202,
  );
  const labelled = { ...body, repository: open, pulp_labels: { a: 'b' } };
  const refused = await call('POST', 'content/file/files/', labelled, { as: reader.as });
  assert.equal(refused.status, 400);
  assert.match(refused.body[0], /^pulp_labels cannot be specified/);
});

test('content labels need a role of their own, and content that is seen', async () => {
  const as = reader.as;
  const set = (href: string) => call('POST', `${href}set_label/`, { key: 'a', value: 'b' }, { as });
  assert.equal((await set(inOpen)).status, 403);
  await give(api, reader, 'core.content_labeler');
  assert.equal((await set(inOpen)).status, 201);
  assert.equal((await set(inSecret)).status, 404);
  const upload = {
    relative_path: 'y',
    file_url: 'http://example.com/y',
    repository: open,
    pulp_labels: { a: 'b' },
  };
  assert.equal((await call('POST', 'content/file/files/', upload, { as })).status, 202);
});

test('tasks belong to who has started them', async () => {
  const mine = await call('POST', 'tasks/purge/', {}, { as: nobody.as });
  assert.equal(mine.status, 202);
  const task = mine.body.task;
  assert.deepEqual(await hrefs('tasks/', nobody.as), [task]);
  assert.ok(!(await hrefs('tasks/', reader.as)).includes(task));
  assert.equal((await call('GET', task, undefined, { as: reader.as })).status, 404);
  assert.equal((await call('PATCH', task, { state: 'canceled' }, { as: reader.as })).status, 404);
  const shown = await call('GET', task, undefined, { as: nobody.as });
  assert.equal(shown.body.created_by, nobody.href);
  const permissions = await call('GET', `${task}my_permissions/`, undefined, { as: nobody.as });
  assert.deepEqual(permissions.body.permissions, [
    'core.add_task',
    'core.change_task',
    'core.delete_task',
    'core.manage_roles_task',
    'core.view_task',
    'core.view_task_profile_artifacts',
  ]);
  const roles = await call('GET', `${task}list_roles/`, undefined, { as: nobody.as });
  assert.deepEqual(roles.body.roles, [
    { role: 'core.task_owner', users: ['nobody'], groups: [] },
    { role: 'core.task_user_dispatcher', users: ['nobody'], groups: [] },
  ]);
  const share = await call(
    'POST',
    `${task}add_role/`,
    { role: 'core.task_viewer', users: ['reader'] },
    { as: nobody.as },
  );
  assert.equal(share.status, 201);
  assert.equal((await call('GET', task, undefined, { as: reader.as })).status, 200);
  assert.equal((await call('PATCH', task, { state: 'canceled' }, { as: reader.as })).status, 403);
  assert.equal((await call('PATCH', task, { state: 'canceled' }, { as: nobody.as })).status, 200);
});

test('ownership of a task can be taken and given back', async () => {
  const { body } = await call('POST', 'tasks/purge/', {}, { as: nobody.as });
  const owner = { role: 'core.task_owner', users: ['nobody'] };
  const again = await call('POST', `${body.task}add_role/`, owner);
  assert.deepEqual(again.body, { non_field_errors: ["The role is already assigned to user 'nobody'."] });
  assert.equal((await call('POST', `${body.task}remove_role/`, owner)).status, 201);
  assert.equal((await call('POST', `${body.task}remove_role/`, owner)).status, 400);
  assert.equal((await call('GET', body.task, undefined, { as: nobody.as })).status, 404);
  assert.ok(!(await hrefs('tasks/', nobody.as)).includes(body.task));
  assert.equal((await call('POST', `${body.task}add_role/`, owner)).status, 201);
  assert.equal((await call('DELETE', body.task, undefined, { as: nobody.as })).status, 409);
});

test('a group of tasks is seen by who sees one of them', async () => {
  const group = uuid7();
  await api.db.run(sql`insert into task_group (pulp_id, domain_id) select ${group}, id from domain`);
  const { body } = await call('POST', 'tasks/purge/', {}, { as: nobody.as });
  await api.db.run(sql`update task set task_group_id = ${group} where pulp_id = ${idOf(body.task)}`);
  const href = `/pulp/api/v3/task-groups/${group}/`;
  assert.equal((await call('GET', href, undefined, { as: nobody.as })).status, 200);
  assert.equal((await call('GET', href, undefined, { as: reader.as })).status, 404);
});

test('views without a policy are for administrators', async () => {
  for (const path of [
    'users/',
    'roles/',
    'access_policies/',
    'artifacts/',
    'workers/',
    nobody.href,
    `${nobody.href}roles/`,
  ]) {
    const reply = await call('GET', path, undefined, { as: nobody.as });
    assert.equal(reply.status, 403, path);
    assert.deepEqual(reply.body, { detail: 'You do not have permission to perform this action.' });
    assert.equal((await call('GET', path, undefined, { as: null })).status, 401, path);
  }
  for (const path of ['orphans/cleanup/', 'repair/', 'repositories/reclaim_space/', 'users/', 'roles/']) {
    assert.equal((await call('POST', path, {}, { as: nobody.as })).status, 403, path);
  }
});

test('superusers are bound by statements too', async () => {
  const { body } = await call('GET', 'artifacts/');
  assert.equal((await call('DELETE', body.results[0].pulp_href)).status, 403);
});

test('members and roles of a group that is not seen', async () => {
  const group = await made(api, 'groups/', { name: 'hidden' });
  for (const [method, path, body] of [
    ['GET', 'users/'],
    ['POST', 'users/', { username: 'nobody' }],
    ['DELETE', `users/${nobody.id}/`],
    ['GET', 'roles/'],
    ['POST', 'roles/', { role: 'core.task_viewer', content_object: null }],
  ] as const) {
    assert.equal((await call(method, group + path, body, { as: nobody.as })).status, 403, `${method} ${path}`);
  }
  await give(api, nobody, 'core.group_owner', group);
  assert.equal((await call('POST', `${group}users/`, { username: 'reader' }, { as: nobody.as })).status, 201);
  assert.equal((await call('GET', `${group}users/`, undefined, { as: nobody.as })).body.count, 1);
  assert.equal((await call('GET', `${group}roles/`, undefined, { as: nobody.as })).status, 403);
  assert.equal((await call('DELETE', `${group}users/${reader.id}/`, undefined, { as: nobody.as })).status, 204);
});

test('what is hidden cannot be taken into an own repository', async () => {
  const thief = await makeUser(api, 'thief');
  await give(api, thief, 'file.filerepository_creator');
  const { body } = await call('POST', 'repositories/file/file/', { name: 'loot' }, { as: thief.as });
  const take = (input: object) => call('POST', `${body.pulp_href}modify/`, input, { as: thief.as });
  const base = await take({ base_version: `${secret}versions/0/` });
  assert.deepEqual([base.status, base.body], [400, { base_version: ['Invalid hyperlink - Object does not exist.'] }]);
  const taken = await take({ add_content_units: [inSecret] });
  assert.equal(taken.status, 400);
  assert.deepEqual(taken.body, {
    add_content_units: [`Could not find the following content units: ['${inSecret}']`],
  });
  // who uploads without a repository adds the unit afterwards
  assert.equal((await take({ add_content_units: [orphan] })).status, 202);
  assert.equal((await call('DELETE', body.pulp_href, undefined, { as: thief.as })).status, 202);
});

test('a guard in use does not tell the names of hidden distributions', async () => {
  const guard = await made(api, 'contentguards/core/header/', { name: 'g', header_name: 'x', header_value: 'y' });
  await made(api, 'distributions/file/file/', { name: 'hidden-name', base_path: 'hidden', content_guard: guard });
  const keeper = await makeUser(api, 'keeper');
  await give(api, keeper, 'core.headercontentguard_owner', guard);
  const { status, body } = await call('DELETE', guard, undefined, { as: keeper.as });
  assert.equal(status, 400);
  assert.match(body[0], /used by a distribution, which/);
  assert.match((await call('DELETE', guard)).body[0], /used by distribution 'hidden-name'/);
});

test('a request of a user without roles costs two queries more at most', async () => {
  const { db } = api.services;
  const original = { row: db.row.bind(db), rows: db.rows.bind(db), run: db.run.bind(db) };
  let queries = 0;
  const counted =
    <A extends unknown[], R>(work: (...args: A) => R) =>
    (...args: A): R => {
      queries++;
      return work(...args);
    };
  Object.assign(db, { row: counted(original.row), rows: counted(original.rows), run: counted(original.run) });
  const cost = async (method: string, path: string, body: object | undefined, as: string) => {
    await call(method, path, body, { as });
    queries = 0;
    await call(method, path, body, { as });
    return queries;
  };
  try {
    for (const [method, path, body] of [
      ['GET', 'repositories/file/file/'],
      ['GET', open],
      ['PATCH', open, { description: null }],
      ['GET', 'content/file/files/'],
      ['GET', 'tasks/'],
    ] as const) {
      const extra = (await cost(method, path, body, reader.as)) - (await cost(method, path, body, 'admin:password'));
      assert.ok(extra <= 2, `${method} ${path}: ${extra}`);
    }
  } finally {
    Object.assign(db, original);
  }
});
