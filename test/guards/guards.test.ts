/** Content guards of the core: their resources, and whom they let pass to guarded content. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../src/db/sql.ts';
import { signLink } from '../../src/lib/crypto/signed-link.ts';
import { useApi } from '../support/api.ts';
import { type ContentReply, useContent } from '../support/content.ts';

process.env.DECKLE_TEST_GUARD_SECRET = 'sésame\n';
const api = await useApi({
  envvarHeaderContentGuardAllowedVars: ['DECKLE_TEST_GUARD_SECRET', 'DECKLE_TEST_GUARD_UNSET'],
});
const { call } = api;
const ask = await useContent(api);
const DISTRIBUTIONS = 'distributions/file/file/';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const basic = (credentials: string) => ({ authorization: `Basic ${base64(credentials)}` });

interface Made {
  pulp_href: string;
  prn: string;
  guards: string[];
}

async function makeGuard(type: string, values: Record<string, unknown>): Promise<Made> {
  const { status, body } = await call('POST', `contentguards/core/${type}/`, values);
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

/** A distribution that serves nothing: whoever passes its guard gets 404. */
async function guarded(path: string, guard: Made | null): Promise<string> {
  const { status, body } = await call('POST', DISTRIBUTIONS, {
    name: path,
    base_path: path,
    content_guard: guard?.pulp_href ?? null,
  });
  assert.equal(status, 202, JSON.stringify(body));
  const task = await call('GET', body.task);
  assert.equal(task.body.state, 'completed');
  return task.body.created_resources[0];
}

/** Asks until the answer has the status: a change reaches the content app within moments, not in the same one. */
async function settled(path: string, headers: Record<string, string>, status: number): Promise<ContentReply> {
  const deadline = Date.now() + 2000;
  for (;;) {
    const reply = await ask(path, headers);
    if (reply.status === status || Date.now() > deadline) return reply;
    await sleep(5);
  }
}

async function passes(path: string, headers: Record<string, string> = {}): Promise<void> {
  const { status, text } = await settled(path, headers, 404);
  assert.equal(status, 404, text);
}

async function refuses(path: string, reason: string, headers: Record<string, string> = {}): Promise<void> {
  const reply = await settled(path, headers, 403);
  assert.deepEqual([reply.status, reply.text], [403, `403: ${reason}`]);
}

suite('header', () => {
  test('the value in base64 lets pass', async () => {
    await guarded('head', await makeGuard('header', { name: 'head', header_name: 'X-Key', header_value: 'vàlue' }));
    await passes('head/', { 'x-key': base64('vàlue') });
    await refuses('head/', 'Access denied.');
    await refuses('head/', 'Access denied.', { 'x-key': 'vàlue' });
    await refuses('head/', 'Access denied.', { 'x-key': base64('other') });
  });

  test('a jq filter picks it out of JSON', async () => {
    const values = {
      name: 'jq',
      header_name: 'x-id',
      header_value: '17',
      jq_filter: '.internal.ids[] | select(. == "17")',
    };
    await guarded('jq', await makeGuard('header', values));
    await passes('jq/', { 'x-id': base64('{"internal": {"ids": ["16", "17"]}}') });
    await refuses('jq/', 'Access denied.', { 'x-id': base64('{"internal": {"ids": [17]}}') });
    await refuses('jq/', 'Access denied.', { 'x-id': base64('{}') });
    await refuses('jq/', 'Access denied.', { 'x-id': base64('no JSON') });
  });

  test('a change counts', async () => {
    const guard = await makeGuard('header', { name: 'change', header_name: 'x-key', header_value: 'old' });
    await guarded('change', guard);
    await passes('change/', { 'x-key': base64('old') });
    const { status } = await call('PATCH', guard.pulp_href, { header_value: 'new' });
    assert.equal(status, 200);
    await refuses('change/', 'Access denied.', { 'x-key': base64('old') });
    await passes('change/', { 'x-key': base64('new') });
  });
});

suite('environment', () => {
  test('compares with the variable without its last newline', async () => {
    const guard = await makeGuard('envvar_header', {
      name: 'env',
      header_name: 'x-key',
      env_var: 'DECKLE_TEST_GUARD_SECRET',
    });
    assert.ok(!JSON.stringify(guard).includes('sésame'));
    await guarded('env', guard);
    await passes('env/', { 'x-key': base64('sésame') });
    await refuses('env/', 'Access denied.', { 'x-key': base64('sésame\n') });
    await refuses('env/', 'Access not allowed. Header x-key not found.');
    await refuses('env/', 'Access not allowed - Header content is not Base64 encoded.', { 'x-key': 'abc' });
    await refuses('env/', 'Access not allowed - Header content is not valid UTF-8.', {
      'x-key': Buffer.from([255]).toString('base64'),
    });
  });

  test('variables that are not set let nobody pass, others cannot be named', async () => {
    await guarded(
      'unset',
      await makeGuard('envvar_header', { name: 'unset', header_name: 'x', env_var: 'DECKLE_TEST_GUARD_UNSET' }),
    );
    await refuses('unset/', 'Access denied.', { x: base64('') });
    const { status, body } = await call('POST', 'contentguards/core/envvar_header/', {
      name: 'home',
      header_name: 'x',
      env_var: 'HOME',
    });
    assert.deepEqual([status, Object.keys(body)], [400, ['env_var']]);
  });
});

test('role: those with the right on the guard pass', async () => {
  const guard = await makeGuard('rbac', { name: 'role' });
  await guarded('role', guard);
  const user = await call('POST', 'users/', { username: 'reader', password: 'read-me-now' });
  assert.equal(user.status, 201, JSON.stringify(user.body));
  const reader = basic('reader:read-me-now');
  await refuses('role/', 'Authentication credentials were not provided.');
  await refuses('role/', 'Authentication credentials were not provided.', basic('reader:wrong'));
  await refuses('role/', 'You do not have permission to perform this action.', reader);
  await passes('role/', basic('admin:password'));
  const role = { users: ['reader'], role: 'core.rbaccontentguard_downloader' };
  assert.equal((await call('POST', `${guard.pulp_href}add_role/`, role)).status, 201);
  await passes('role/', reader);
  const { body } = await call('GET', guard.pulp_href);
  assert.deepEqual(
    body.users.map((one: { username: string }) => one.username),
    ['admin', 'reader'],
  );
  assert.equal((await call('POST', `${guard.pulp_href}remove_role/`, role)).status, 201);
  await refuses('role/', 'You do not have permission to perform this action.', reader);
});

test('bad credentials do not matter where no guard asks for them', async () => {
  await guarded('open', null);
  await passes('open/', basic('nobody:wrong'));
});

test('signed links let pass for their time', async () => {
  const guard = await makeGuard('content_redirect', { name: 'link' });
  await guarded('link', guard);
  const row = await api.db.row<{ secrets: string }>(sql`select secrets from content_guard where name = 'link'`);
  const key = Buffer.from(api.services.secrets.decrypt(row!.secrets), 'hex');
  assert.ok(!row!.secrets.includes(key.toString('hex')), 'the key is encrypted');
  assert.ok(!JSON.stringify(guard).includes(key.toString('hex')));
  await passes(signLink('/pulp/content/link/a', key));
  await refuses('link/a', 'Access not authenticated');
  await refuses(signLink('/pulp/content/link/a', key, 1_000), 'Authentication expired');
  await refuses(signLink('/pulp/content/link/b', key).replace('link/b', 'link/a'), 'Access not authenticated');
});

suite('composite', () => {
  test('one of its guards is enough; without guards everybody passes', async () => {
    const head = await makeGuard('header', { name: 'part-1', header_name: 'x-one', header_value: '1' });
    const other = await makeGuard('header', { name: 'part-2', header_name: 'x-two', header_value: '2' });
    const inner = await makeGuard('composite', { name: 'inner', guards: [other.prn] });
    const guard = await makeGuard('composite', { name: 'outer' });
    assert.deepEqual(guard.guards, []);
    await guarded('composite', guard);
    await passes('composite/');
    const { body } = await call('PATCH', guard.pulp_href, { guards: [head.pulp_href, inner.pulp_href] });
    assert.deepEqual(body.guards, [head.pulp_href, inner.pulp_href]);
    await passes('composite/', { 'x-one': base64('1') });
    await passes('composite/', { 'x-two': base64('2') });
    const { status, text } = await settled('composite/', {}, 403);
    assert.equal(status, 403);
    assert.match(
      text,
      /^403: Access forbidden. Refusals: \["Guard: 'part-1', HREF: '\S+', class: 'HeaderContentGuard', denial: \[Access denied\.\]\.", /,
    );
    for (const href of [head.pulp_href, inner.pulp_href]) assert.ok(text.includes(href));
    await call('PATCH', other.pulp_href, { header_value: 'changed' });
    const changed = await settled('composite/', { 'x-two': base64('2') }, 403);
    assert.equal(changed.status, 403, 'a change of a member of a member counts');
    await passes('composite/', { 'x-two': base64('changed') });
  });

  test('cannot contain itself', async () => {
    const a = await makeGuard('composite', { name: 'circle-a' });
    const b = await makeGuard('composite', { name: 'circle-b', guards: [a.pulp_href] });
    for (const one of [a, b]) {
      const { status, body } = await call('PATCH', a.pulp_href, { guards: [one.pulp_href] });
      assert.deepEqual([status, body], [400, { guards: ['A composite guard cannot contain itself.'] }]);
    }
  });
});

suite('deletion', () => {
  test('is refused while distributions use the guard, unless forced', async () => {
    const guard = await makeGuard('header', { name: 'used', header_name: 'x', header_value: 'y' });
    const distribution = await guarded('used', guard);
    const { status, body } = await call('DELETE', guard.pulp_href);
    assert.equal(status, 400);
    assert.match(body[0], /used by distribution 'used', which would be open/);
    await refuses('used/', 'Access denied.');
    assert.equal((await call('DELETE', `${guard.pulp_href}?force=true`)).status, 204);
    assert.equal((await call('GET', distribution)).body.content_guard, null);
    await passes('used/');
  });

  test('is refused while a composite has it, and works for unused ones', async () => {
    const part = await makeGuard('header', { name: 'member', header_name: 'x', header_value: 'y' });
    const whole = await makeGuard('composite', { name: 'whole', guards: [part.pulp_href] });
    assert.match((await call('DELETE', part.pulp_href)).body[0], /composite guard 'whole'/);
    assert.equal((await call('DELETE', whole.pulp_href)).status, 204);
    assert.equal((await call('DELETE', part.pulp_href)).status, 204);
    assert.equal((await call('GET', part.pulp_href)).status, 404);
  });
});

test('what every guard refuses', async () => {
  for (const type of ['rbac', 'header', 'composite', 'content_redirect', 'envvar_header']) {
    const { status, body } = await call('POST', `contentguards/core/${type}/`, {});
    assert.deepEqual([status, body.name], [400, ['This field is required.']]);
  }
  await makeGuard('rbac', { name: 'twice', description: 'first' });
  assert.deepEqual((await call('POST', 'contentguards/core/composite/', { name: 'twice' })).body, {
    name: ['This field must be unique.'],
  });
  const { body } = await call('GET', 'contentguards/?name=twice');
  assert.deepEqual(
    body.results.map((one: { description: string }) => one.description),
    ['first'],
  );
});
