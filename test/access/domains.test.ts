/** Domains: roles held in one say nothing about another; references, lists and PRNs do not cross the border. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { useApi } from '../support/api.ts';
import { idOf, makeUser as makeUserAt } from './world.ts';

const api = await useApi({ domainEnabled: true });
const inner = uuid7();
await api.db.run(sql`insert into domain (pulp_id, name) values (${inner}, 'inner')`);
const PREFIX = { default: '/pulp/default/api/v3/', inner: '/pulp/inner/api/v3/' };
const domainHref = `${PREFIX.default}domains/${inner}/`;
const call = (method: string, path: string, body?: unknown, as?: string) =>
  api.call(method, path, body, as === undefined ? {} : { as });
const makeUser = (name: string) =>
  makeUserAt(
    {
      ...api,
      call: (method, path, ...rest) => api.call(method, path.startsWith('/') ? path : PREFIX.default + path, ...rest),
    },
    name,
  );

const REPOSITORIES = 'repositories/file/file/';
const make = async (domain: keyof typeof PREFIX, path: string, body: object) => {
  const reply = await call('POST', PREFIX[domain] + path, body);
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  return reply.body.pulp_href as string;
};
const outside = await make('default', REPOSITORIES, { name: 'same' });
const inside = await make('inner', REPOSITORIES, { name: 'same' });

test('a role in a domain holds there only', async () => {
  const user = await makeUser('of inner');
  for (const role of ['file.filerepository_viewer', 'file.filerepository_creator']) {
    const given = await call('POST', `${user.href}roles/`, { role, domain: domainHref });
    assert.equal(given.status, 201, JSON.stringify(given.body));
    assert.deepEqual([given.body.domain, given.body.content_object], [domainHref, null]);
  }
  const again = await call('POST', `${user.href}roles/`, { role: 'file.filerepository_viewer', domain: domainHref });
  assert.deepEqual(again.body, { non_field_errors: ['The role is already assigned to this user.'] });
  const list = async (domain: keyof typeof PREFIX) =>
    (await call('GET', PREFIX[domain] + REPOSITORIES, undefined, user.as)).body.results.map(
      (one: { pulp_href: string }) => one.pulp_href,
    );
  assert.deepEqual(await list('inner'), [inside]);
  assert.deepEqual(await list('default'), []);
  assert.equal((await call('GET', outside, undefined, user.as)).status, 404);
  assert.equal((await call('GET', `${PREFIX.default}${REPOSITORIES}${idOf(inside)}/`, undefined, user.as)).status, 404);
  assert.equal((await call('POST', PREFIX.default + REPOSITORIES, { name: 'x' }, user.as)).status, 403);
  assert.equal((await call('POST', PREFIX.inner + REPOSITORIES, { name: 'x' }, user.as)).status, 201);
  assert.equal((await call('GET', `${user.href}roles/?domain=${domainHref}`)).body.count, 2);
});

test('a role everywhere holds in all domains', async () => {
  const user = await makeUser('of all');
  await call('POST', `${user.href}roles/`, { role: 'file.filerepository_viewer', content_object: null });
  assert.equal((await call('GET', inside, undefined, user.as)).status, 200);
  assert.equal((await call('GET', outside, undefined, user.as)).status, 200);
});

test('a role on an object is shown with the object’s own domain', async () => {
  const user = await makeUser('of one');
  const given = await call('POST', `${user.href}roles/`, { role: 'file.filerepository_owner', content_object: inside });
  assert.deepEqual([given.status, given.body.content_object], [201, inside]);
  const both = await call('POST', `${user.href}roles/`, {
    role: 'file.filerepository_owner',
    content_object: inside,
    domain: domainHref,
  });
  assert.deepEqual(both.body, { non_field_errors: ['Domain and content_object are mutually exclusive.'] });
  assert.equal((await call('GET', inside, undefined, user.as)).status, 200);
  assert.equal((await call('GET', outside, undefined, user.as)).status, 404);
  assert.equal((await call('GET', PREFIX.inner + REPOSITORIES, undefined, user.as)).body.count, 1);
  assert.equal((await call('GET', PREFIX.default + REPOSITORIES, undefined, user.as)).body.count, 0);
});

test('tasks of a domain are seen there', async () => {
  const user = await makeUser('with tasks');
  const started = await call('POST', `${PREFIX.inner}tasks/purge/`, {}, user.as);
  assert.equal(started.status, 202);
  assert.equal((await call('GET', started.body.task, undefined, user.as)).status, 200);
  assert.equal((await call('GET', `${PREFIX.default}tasks/`, undefined, user.as)).body.count, 0);
  assert.equal((await call('GET', `${PREFIX.inner}tasks/`, undefined, user.as)).body.count, 1);
});

test('roles given in a domain that is deleted are gone', async () => {
  const user = await makeUser('of the past');
  const past = uuid7();
  await api.db.run(sql`insert into domain (pulp_id, name) values (${past}, 'past')`);
  await call('POST', `${user.href}roles/`, {
    role: 'file.filerepository_viewer',
    domain: `${PREFIX.default}domains/${past}/`,
  });
  await api.db.run(sql`delete from domain where name = 'past'`);
  assert.equal((await call('GET', `${user.href}roles/`)).body.count, 0);
});
