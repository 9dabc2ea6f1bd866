/** Ways to say who one is: basic, session, tokens, proxies; and what happens after too many wrong passwords (core.md §7.1). */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { useApi } from '../support/api.ts';
import { give, idOf, made, makeUser, PASSWORD } from './world.ts';

const api = await useApi({ loginAttempts: 3 });
const proxied = await useApi({ trustedProxies: ['127.0.0.1'] });
const { call } = api;
const BASIC = 'pulpcore.app.authentication.BasicAuthentication';

test('wrong credentials', async () => {
  const wrong = await call('GET', 'tasks/', undefined, { as: 'admin:wrong' });
  assert.deepEqual([wrong.status, wrong.body], [401, { detail: 'Invalid username/password.' }]);
  assert.equal(wrong.headers.get('www-authenticate'), 'Basic realm="api"');
  const browser = await call('GET', 'tasks/', undefined, {
    as: null,
    headers: { 'x-requested-with': 'XMLHttpRequest' },
  });
  assert.equal(browser.headers.get('www-authenticate'), 'xBasic realm="api"');
});

test('too many wrong passwords of one user at one address', async () => {
  await makeUser(api, 'target');
  const tries = async (password: string) =>
    (await call('GET', 'login/', undefined, { as: `target:${password}` })).status;
  assert.deepEqual([await tries('a'), await tries('b'), await tries('c')], [401, 401, 401]);
  const refused = await call('GET', 'login/', undefined, { as: `target:${PASSWORD}` });
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  assert.equal((await call('GET', 'login/', undefined, { as: 'somebody:x' })).status, 401);
  await api.db.run(sql`update login_failure set since = since - interval '61 seconds'`);
  assert.equal(await tries(PASSWORD), 200);
});

test('wrong passwords at once are no more than in turn, and right ones of a client with many connections are fine', async () => {
  const user = await makeUser(api, 'crowd');
  const at = (n: number, as: (i: number) => string) =>
    Promise.all(
      Array.from({ length: n }, async (_, i) => (await call('GET', 'login/', undefined, { as: as(i) })).status),
    );
  const right = await at(40, () => user.as);
  assert.deepEqual(new Set(right), new Set([200]));
  for (const password of ['same', undefined]) {
    await api.db.run(sql`delete from login_failure`);
    const wrong = await at(40, (i) => `crowd:${password ?? `other ${i}`}`);
    assert.deepEqual(
      [401, 429].map((status) => wrong.filter((one) => one === status).length),
      [3, 37],
    );
  }
  await api.db.run(sql`delete from login_failure`);
  assert.deepEqual(new Set(await at(2, () => 'crowd:wrong')), new Set([401]));
  await makeUser(api, 'counted');
  for (let i = 0; i < 5; i++)
    assert.equal((await call('GET', 'login/', undefined, { as: `counted:${PASSWORD}` })).status, 200);
  const counted = await api.db.row<{ failures: number }>(sql`select sum(failures)::int as failures from login_failure`);
  assert.equal(counted!.failures, 2);
});

test('who has logged in lately is not kept out by others', async () => {
  const user = await makeUser(api, 'busy');
  assert.equal((await call('GET', 'login/', undefined, { as: user.as })).status, 200);
  for (let i = 0; i < 4; i++) await call('GET', 'login/', undefined, { as: 'busy:wrong' });
  assert.equal((await call('GET', 'login/', undefined, { as: user.as })).status, 200);
});

const bearer = (token: string) => ({ as: null, headers: { authorization: `Bearer ${token}` } });

test('a token is shown once, works as Bearer and as password, and is revoked', async () => {
  const user = await makeUser(api, 'tokens');
  const { status, body } = await call('POST', 'tokens/', { name: 'ci' }, { as: user.as });
  assert.equal(status, 201);
  assert.match(body.token, /^deckle_/);
  assert.deepEqual([body.scope, body.user, body.expires_at, body.last_used], ['read-write', user.href, null, null]);
  assert.deepEqual((await call('POST', 'tokens/', { name: 'ci' }, { as: user.as })).body, {
    name: ['This field must be unique.'],
  });
  const list = await call('GET', 'tokens/', undefined, { as: user.as });
  assert.equal(list.body.count, 1);
  assert.ok(!JSON.stringify(list.body).includes(body.token));
  const stored = await api.db.rows(sql`select * from api_token`);
  assert.ok(!JSON.stringify(stored).includes(body.token));
  const who = async (options: object) => (await call('GET', 'login/', undefined, options)).body.username;
  assert.equal(await who(bearer(body.token)), 'tokens');
  assert.equal(await who({ as: `tokens:${body.token}` }), 'tokens');
  assert.equal(await who({ as: `__token__:${body.token}` }), 'tokens');
  assert.equal((await call('GET', 'login/', undefined, { as: `admin:${body.token}` })).status, 401);
  assert.notEqual((await call('GET', body.pulp_href, undefined, { as: user.as })).body.last_used, null);
  assert.equal((await call('DELETE', body.pulp_href, undefined, { as: user.as })).status, 204);
  const gone = await call('GET', 'login/', undefined, bearer(body.token));
  assert.deepEqual([gone.status, gone.body], [401, { detail: 'Invalid token.' }]);
});

test('tokens of others are neither seen nor made', async () => {
  const [one, two] = [await makeUser(api, 'one'), await makeUser(api, 'two')];
  const token = await made(api, 'tokens/', { name: 'of one', user: one.href });
  assert.equal((await call('GET', token, undefined, { as: one.as })).status, 200);
  assert.equal((await call('GET', token, undefined, { as: two.as })).status, 404);
  assert.equal((await call('DELETE', token, undefined, { as: two.as })).status, 404);
  assert.equal((await call('POST', 'tokens/', { name: 'x', user: one.href }, { as: two.as })).status, 403);
  assert.equal((await call('GET', 'tokens/', undefined, { as: null })).status, 401);
});

test('tokens open no sessions and make no tokens', async () => {
  const user = await makeUser(api, 'careful');
  const { body } = await call('POST', 'tokens/', { name: 't' }, { as: user.as });
  assert.equal((await call('POST', 'tokens/', { name: 'more' }, bearer(body.token))).status, 403);
  assert.equal((await call('POST', 'login/', undefined, bearer(body.token))).status, 403);
  assert.equal((await call('PATCH', 'login/', { username: 'x' }, bearer(body.token))).status, 403);
});

test('a token that expires, a token of an account that is not active', async () => {
  const robot = await call('POST', 'users/', { username: 'robot', password: null });
  const { body } = await call('POST', 'tokens/', {
    name: 't',
    user: robot.body.pulp_href,
    expires_at: '2999-01-01T00:00:00Z',
  });
  assert.equal((await call('GET', 'login/', undefined, bearer(body.token))).status, 200);
  await api.db.run(sql`update api_token set expires_at = now() where pulp_id = ${idOf(body.pulp_href)}`);
  assert.equal((await call('GET', 'login/', undefined, bearer(body.token))).status, 401);
  await api.db.run(sql`update api_token set expires_at = null where pulp_id = ${idOf(body.pulp_href)}`);
  await call('PATCH', robot.body.pulp_href, { is_active: false });
  assert.equal((await call('GET', 'login/', undefined, bearer(body.token))).status, 401);
  const past = await call('POST', 'tokens/', { name: 'p', expires_at: '2001-01-01T00:00:00Z' });
  assert.deepEqual(past.body, { expires_at: ['This lies in the past.'] });
});

test('a token for reading only reads', async () => {
  const { body } = await call('POST', 'tokens/', { name: 'reader', scope: 'read' });
  assert.equal((await call('GET', 'users/', undefined, bearer(body.token))).status, 200);
  const refused = await call('POST', 'users/', { username: 'x' }, bearer(body.token));
  assert.deepEqual([refused.status, refused.body], [403, { detail: 'The token only allows reading.' }]);
});

test('a token for certain permissions gives these and no others', async () => {
  const user = await makeUser(api, 'limited');
  const repository = await made(api, 'repositories/file/file/', { name: 'limited' });
  const remote = await made(api, 'remotes/file/file/', { name: 'limited', url: 'http://example.com/' });
  await give(api, user, 'file.filerepository_owner', repository);
  await give(api, user, 'file.fileremote_viewer');
  const permissions = ['file.view_filerepository', 'file.add_filerepository'];
  const { body } = await call('POST', 'tokens/', { name: 't', scope: 'permissions', permissions }, { as: user.as });
  const status = async (method: string, path: string, sent?: object) =>
    (await call(method, path, sent, bearer(body.token))).status;
  assert.equal(await status('GET', repository), 200);
  assert.equal(await status('PATCH', repository, { description: 'x' }), 403);
  assert.equal(await status('GET', remote), 404);
  assert.equal(await status('POST', 'repositories/file/file/', { name: 'not held' }), 403);
  const mine = await call('GET', `${repository}my_permissions/`, undefined, bearer(body.token));
  assert.deepEqual(mine.body.permissions, ['file.view_filerepository']);
  assert.equal(await status('DELETE', body.pulp_href), 403);
  const ofAdmin = await call('POST', 'tokens/', { name: 'limited', scope: 'permissions', permissions });
  const byAdmin = async (method: string, path: string, sent?: object) =>
    (await call(method, path, sent, bearer(ofAdmin.body.token))).status;
  assert.equal(await byAdmin('POST', 'repositories/file/file/', { name: 'by token' }), 201);
  assert.equal(await byAdmin('GET', repository), 200);
  assert.equal(await byAdmin('GET', 'users/'), 403);
  assert.equal(await byAdmin('DELETE', repository), 403);
  assert.deepEqual((await call('POST', 'tokens/', { name: 'e', scope: 'permissions' })).body, {
    permissions: ['This list may not be empty.'],
  });
  assert.deepEqual((await call('POST', 'tokens/', { name: 'e', scope: 'permissions', permissions: ['a.b'] })).body, {
    permissions: ["Permission 'a.b' does not exist."],
  });
});

test('a user named by a proxy', async () => {
  const settings = {
    authenticationClasses: [BASIC, 'pulpcore.app.authentication.PulpRemoteUserAuthentication'],
    remoteUserEnvironName: 'HTTP_X_REMOTE_USER',
  };
  const creating = await useApi(settings);
  const ask = (one: typeof creating, name: string) =>
    one.call('GET', 'login/', undefined, { as: null, headers: { 'x-remote-user': name } });
  assert.equal((await ask(creating, 'newcomer')).body.username, 'newcomer');
  assert.equal((await creating.call('GET', 'users/?username=newcomer')).body.count, 1);
  assert.equal(
    (await creating.call('GET', 'login/', undefined, { headers: { 'x-remote-user': 'newcomer' } })).body.username,
    'admin',
  );
  assert.equal(
    (await api.call('GET', 'login/', undefined, { as: null, headers: { 'x-remote-user': 'admin' } })).status,
    401,
  );
  const careful = await useApi({
    ...settings,
    authenticationBackends: ['pulpcore.app.authentication.PulpNoCreateRemoteUserBackend'],
  });
  assert.equal((await ask(careful, 'newcomer')).status, 401);
  assert.equal((await ask(careful, 'admin')).body.username, 'admin');
  const elsewhere = await useApi({ ...settings, trustedProxies: ['192.0.2.0/24'] });
  assert.equal((await ask(elsewhere, 'admin')).status, 401);
  const variable = await useApi({ ...settings, remoteUserEnvironName: 'REMOTE_USER' });
  assert.equal(
    (await variable.call('GET', 'login/', undefined, { as: null, headers: { remote_user: 'admin' } })).status,
    401,
  );
});

test('a user named in JSON', async () => {
  const json = await useApi({
    authenticationClasses: ['pulpcore.app.authentication.JSONHeaderRemoteAuthentication'],
    authenticationJsonHeader: 'HTTP_X_IDENTITY',
    authenticationJsonHeaderJqFilter: '.identity | .users[] | select(.primary) | .name',
  });
  const ask = (text: string) =>
    json.call('GET', 'login/', undefined, {
      as: null,
      headers: { 'x-identity': Buffer.from(text).toString('base64') },
    });
  const told = await ask(JSON.stringify({ identity: { users: [{ name: 'a' }, { name: 'b', primary: true }] } }));
  assert.deepEqual([told.status, told.body.username], [200, 'b']);
  for (const text of [
    'no json',
    '{}',
    '{"identity":{"users":[]}}',
    '{"identity":{"users":[{"name":7,"primary":true}]}}',
  ]) {
    const refused = await ask(text);
    assert.deepEqual([refused.status, refused.body], [401, { detail: 'Access denied.' }], text);
  }
  assert.equal((await json.call('GET', 'login/')).status, 401);
});

test('sessions', async () => {
  const user = await makeUser(api, 'session');
  const login = await call('POST', 'login/', undefined, { as: user.as });
  assert.equal(login.status, 201);
  const cookies = Object.fromEntries(
    login.headers.getSetCookie().map((one) => one.split(';', 1)[0]!.split('=') as [string, string]),
  );
  const cookie = `sessionid=${cookies.sessionid}; csrftoken=${cookies.csrftoken}`;
  const by = (method: string, headers: Record<string, string> = {}) =>
    call(method, 'login/', method === 'PATCH' ? { first_name: 'S' } : undefined, {
      as: null,
      headers: { cookie, ...headers },
    });
  const read = await by('GET');
  assert.deepEqual([read.status, read.headers.get('vary')], [200, 'Accept, Cookie']);
  assert.deepEqual((await by('PATCH')).body, { detail: 'CSRF Failed: CSRF token missing.' });
  assert.equal((await by('PATCH', { 'x-csrftoken': cookies.csrftoken! })).status, 200);
  assert.equal((await by('DELETE', { 'x-csrftoken': cookies.csrftoken! })).status, 204);
  assert.equal((await by('GET')).status, 401);
});

test('cookies of a session over TLS never go without', async () => {
  const cookies = async ({ call: ask }: typeof api, headers: Record<string, string>) =>
    (await ask('POST', 'login/', undefined, { headers })).headers.getSetCookie();
  const proto = { 'x-forwarded-proto': 'https' };
  const secure = await cookies(proxied, proto);
  assert.equal(secure.length, 2);
  for (const cookie of secure) assert.match(cookie, /; SameSite=Lax; Secure$/);
  for (const cookie of [...(await cookies(proxied, {})), ...(await cookies(api, proto))])
    assert.match(cookie, /; SameSite=Lax$/);
});

test('the own account: a name that is taken, and passwords', async () => {
  const user = await makeUser(api, 'changes-profile');
  const change = async (body: object) => {
    const reply = await call('PATCH', 'login/', body, { as: user.as });
    return [reply.status, reply.body];
  };
  assert.deepEqual(await change({ username: 'admin' }), [400, { username: ['This field must be unique.'] }]);
  const refusals: [object, string][] = [
    [{ new_password: 'Other-Word-1' }, 'Old password is required to update the password.'],
    [{ old_password: 'wrong', new_password: 'Other-Word-1' }, 'Old password is incorrect.'],
    [{ old_password: PASSWORD, new_password: PASSWORD }, 'New password cannot be the same as the old password.'],
  ];
  for (const [body, message] of refusals) assert.deepEqual(await change(body), [400, { non_field_errors: [message] }]);
});
