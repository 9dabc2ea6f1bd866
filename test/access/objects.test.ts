/** What people with and without roles may do with objects of every kind: 401, 403, 404 and success exactly. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { useApi } from '../support/api.ts';
import { give, idOf, made, makeUser, publication } from './world.ts';

const api = await useApi();
const { call } = api;
const [nobody, viewer, owner, everywhere, member] = await Promise.all(
  ['nobody', 'viewer', 'owner', 'everywhere', 'member'].map((name) => makeUser(api, name)),
);
const group = await made(api, 'groups/', { name: 'readers' });
await call('POST', `${group}users/`, { username: 'member' });
const remote = await made(api, 'remotes/file/file/', {
  name: 'base',
  url: 'http://example.com/PULP_MANIFEST',
  policy: 'on_demand',
});

interface Kind {
  readonly path: string;
  readonly model: string;
  /** Body of a create. */
  readonly body: (name: string) => object;
  readonly change?: object;
  readonly make?: () => Promise<string>;
  readonly creates?: boolean;
  /** Roles on models beside `_creator` that its creator needs. */
  readonly needs?: readonly string[];
}

let count = 0;
const kinds: readonly Kind[] = [
  {
    path: 'repositories/file/file/',
    model: 'file.filerepository',
    body: (name) => ({ name }),
    change: { description: 'changed' },
  },
  {
    path: 'remotes/file/file/',
    model: 'file.fileremote',
    body: (name) => ({ name, url: 'http://example.com/' }),
    change: { url: 'http://example.org/' },
  },
  {
    path: 'remotes/file/git/',
    model: 'file.filegitremote',
    body: (name) => ({ name, url: 'http://example.com/a.git' }),
    change: { git_ref: 'main' },
  },
  {
    path: 'distributions/file/file/',
    model: 'file.filedistribution',
    body: (name) => ({ name, base_path: name }),
    change: { hidden: true },
  },
  {
    path: 'acs/file/file/',
    model: 'file.filealternatecontentsource',
    body: (name) => ({ name, remote, paths: [] }),
    change: { name: `acs-${Math.random()}` },
    needs: ['file.fileremote_viewer'],
  },
  { path: 'uploads/', model: 'core.upload', body: () => ({ size: 10 }) },
  { path: 'groups/', model: 'core.group', body: (name) => ({ name }), change: { name: `group-${Math.random()}` } },
  {
    path: 'contentguards/core/rbac/',
    model: 'core.rbaccontentguard',
    body: (name) => ({ name }),
    change: { description: 'changed' },
  },
  {
    path: 'publications/file/file/',
    model: 'file.filepublication',
    body: () => ({}),
    creates: false,
    make: async () =>
      await publication(api, await made(api, 'repositories/file/file/', { name: `published-${++count}` })),
  },
];

for (const kind of kinds) {
  describe(kind.path, async () => {
    const make = kind.make ?? (() => made(api, kind.path, kind.body(`object-${++count}`)));
    const [seen, hidden] = [await make(), await make()];
    const creator = await makeUser(api, `creator of ${kind.model}`);
    const [app, model] = kind.model.split('.');
    const names = (word: string) => `${app}.${word}_${model}`;
    await give(api, viewer!, `${kind.model}_viewer`, seen);
    await give(api, owner!, `${kind.model}_owner`, seen);
    await give(api, everywhere!, `${kind.model}_viewer`);
    const added = await call('POST', `${seen}add_role/`, { role: `${kind.model}_viewer`, groups: ['readers'] });
    assert.equal(added.status, 201, JSON.stringify(added.body));
    if (kind.creates !== false) await give(api, creator, `${kind.model}_creator`);
    for (const role of kind.needs ?? []) await give(api, creator, role);
    const statuses = async (as: string | null, requests: readonly [string, string, object?][]) => {
      const out: number[] = [];
      for (const [method, path, body] of requests) out.push((await call(method, path, body, { as })).status);
      return out;
    };
    const change = kind.change ?? {};
    const all: [string, string, object?][] = [
      ['GET', kind.path],
      ['GET', seen],
      ['GET', `${seen}my_permissions/`],
      ['GET', `${seen}list_roles/`],
      ['POST', `${seen}add_role/`, { role: `${kind.model}_viewer`, users: ['nobody'] }],
      ['POST', `${seen}remove_role/`, { role: `${kind.model}_viewer`, users: ['nobody'] }],
      ...(kind.change ? ([['PATCH', seen, change]] as [string, string, object][]) : []),
      ...(kind.creates === false ? [] : ([['POST', kind.path, kind.body('refused')]] as [string, string, object][])),
      ['DELETE', seen],
    ];

    test('anonymous', async () => {
      assert.deepEqual(
        new Set(await statuses(null, [...all, ['PUT', kind.path, {}], ['DELETE', kind.path]])),
        new Set([401]),
      );
    });

    test('a user without roles', async () => {
      const list = await call('GET', kind.path, undefined, { as: nobody!.as });
      assert.deepEqual([list.status, list.body.count, list.body.results], [200, 0, []]);
      for (const [method, path, body] of all.slice(1)) {
        const reply = await call(method, path, body, { as: nobody!.as });
        const creating = path === kind.path;
        assert.equal(reply.status, creating ? 403 : 404, `${method} ${path} ${JSON.stringify(reply.body)}`);
        if (!creating) assert.match(reply.body.detail, /^No \w+ matches the given query\.$/);
      }
      const never = seen.replace(
        idOf(seen),
        /^\d+$/.test(idOf(seen)) ? '999999' : '0195c0de-0000-7000-8000-000000000000',
      );
      assert.deepEqual((await call('GET', seen, undefined, { as: nobody!.as })).body, (await call('GET', never)).body);
    });

    for (const person of [viewer!, member!]) {
      test(`${person.name} sees one and changes nothing`, async () => {
        const list = await call('GET', kind.path, undefined, { as: person.as });
        assert.deepEqual(
          [list.body.count, list.body.results.map((one: { pulp_href: string }) => one.pulp_href)],
          [1, [seen]],
        );
        assert.equal((await call('GET', seen, undefined, { as: person.as })).status, 200);
        assert.equal((await call('GET', hidden, undefined, { as: person.as })).status, 404);
        const mine = await call('GET', `${seen}my_permissions/`, undefined, { as: person.as });
        assert.deepEqual(mine.body, { permissions: [names('view')] });
        const refused = await statuses(person.as, all.slice(3));
        assert.deepEqual(new Set(refused), new Set([403]));
      });
    }

    test('one who may view everywhere', async () => {
      const list = await call('GET', `${kind.path}?limit=1`, undefined, { as: everywhere!.as });
      const total = await call('GET', `${kind.path}?limit=1`);
      assert.equal(list.body.count, total.body.count);
      assert.ok(list.body.count >= 2);
      assert.deepEqual((await call('GET', `${seen}my_permissions/`, undefined, { as: everywhere!.as })).body, {
        permissions: [],
      });
      const refused = await statuses(everywhere!.as, all.slice(3));
      assert.deepEqual(new Set(refused), new Set([403]));
    });

    test('the owner changes, gives roles and deletes', async () => {
      const as = owner!.as;
      const before = await call('GET', `${seen}list_roles/`, undefined, { as });
      assert.deepEqual(
        before.body.roles.find((one: { role: string }) => one.role === `${kind.model}_viewer`),
        { role: `${kind.model}_viewer`, users: ['viewer'], groups: ['readers'] },
      );
      const body = { role: `${kind.model}_viewer`, users: ['nobody'], groups: [] };
      const given = await call('POST', `${seen}add_role/`, body, { as });
      assert.deepEqual([given.status, given.body], [201, body]);
      assert.equal((await call('GET', seen, undefined, { as: nobody!.as })).status, 200);
      assert.equal((await call('POST', `${seen}remove_role/`, body, { as })).status, 201);
      assert.equal((await call('GET', seen, undefined, { as: nobody!.as })).status, 404);
      if (kind.change) assert.ok([200, 202].includes((await call('PATCH', seen, change, { as })).status));
      assert.equal((await call('GET', hidden, undefined, { as })).status, 404);
      if (kind.creates !== false)
        assert.equal((await call('POST', kind.path, kind.body('refused'), { as })).status, 403);
      assert.ok([202, 204].includes((await call('DELETE', seen, undefined, { as })).status));
    });

    test('the creator owns what he makes, and only that', { skip: kind.creates === false }, async () => {
      const as = creator.as;
      const made = await call('POST', kind.path, kind.body(`created-${++count}`), { as });
      assert.ok([201, 202].includes(made.status), JSON.stringify(made.body));
      const list = await call('GET', kind.path, undefined, { as });
      assert.equal(list.body.count, 1);
      const href = list.body.results[0].pulp_href;
      const roles = await call('GET', `${href}list_roles/`, undefined, { as });
      assert.ok(
        roles.body.roles.some(
          (one: { role: string; users: string[] }) =>
            one.role === `${kind.model}_owner` && one.users.includes(creator.name),
        ),
        JSON.stringify(roles.body),
      );
      assert.equal((await call('GET', hidden, undefined, { as })).status, 404);
      assert.equal((await call('DELETE', hidden, undefined, { as })).status, 404);
      assert.ok([202, 204].includes((await call('DELETE', href, undefined, { as })).status));
    });

    test('the administrator', async () => {
      const mine = await call('GET', `${hidden}my_permissions/`);
      assert.ok(mine.body.permissions.includes(names('view')) && mine.body.permissions.includes(names('manage_roles')));
      assert.ok(!mine.body.permissions.includes(names('add')));
      assert.ok([202, 204].includes((await call('DELETE', hidden)).status));
    });
  });
}

test('roles on an object end with it', async () => {
  const upload = await made(api, 'uploads/', { size: 1 });
  await give(api, viewer!, 'core.upload_viewer', upload);
  await call('DELETE', upload);
  assert.deepEqual(await api.db.rows(sql`select 1 from role_assignment where object_id = ${idOf(upload)}`), []);
});
