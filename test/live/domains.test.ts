/** Live protocols where domains are on: the domain is a part of the path, and its name decides what is found and who may. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { makeUser } from '../access/world.ts';
import { registryPlugin } from './registry.ts';
import { useLive } from './world.ts';

const atTeam = { prefixes: () => ['/pulp/team/'], handle: async () => ({ status: 200, body: 'the protocol' }) };
const world = await useLive({ ...registryPlugin, live: [...registryPlugin.live!, atTeam] }, { domainEnabled: true });
const digest = `sha256:${createHash('sha256').update('x').digest('hex')}`;

test('the first part of a path is the domain', async () => {
  const get = async (path: string) => await (await world.ask('GET', path)).json();
  const expected = { method: 'GET', pulp_domain: 'team', name: 'a/b', reference: 'x' };
  assert.deepEqual(await get('/v2/team/a/b/manifests/x'), expected);
  assert.equal((await world.ask('GET', '/v2/a/manifests/x')).status, 404, 'no name is left');
});

test('rights in one domain open no other', async () => {
  const settings = { storage_class: 'pulpcore.app.models.storage.FileSystem', storage_settings: { MEDIA_ROOT: '' } };
  const made = await world.call('POST', '/pulp/default/api/v3/domains/', { name: 'team', ...settings });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const person = await makeUser(
    { ...world, call: (method, path, ...rest) => world.call(method, `/pulp/default/api/v3/${path}`, ...rest) },
    'member',
  );
  const role = { role: 'file.filerepository_owner', domain: made.body.pulp_href, content_object: null };
  const given = await world.call('POST', `${person.href}roles/`, role);
  assert.equal(given.status, 201, JSON.stringify(given.body));
  const push = (domain: string) => world.ask('PUT', `/v2/${domain}/a/blobs/${digest}`, { body: 'x', as: person.as });
  assert.equal((await push('default')).status, 403);
  assert.equal((await push('team')).status, 201);
  assert.equal((await push('none')).status, 404);
  const { body } = await world.call('GET', '/pulp/team/api/v3/repositories/file/file/');
  assert.equal(body.count, 1);
});

test('a domain named as a protocol below the root of the API keeps its API', async () => {
  assert.equal(await (await world.ask('GET', '/pulp/team/x')).text(), 'the protocol');
  assert.equal((await world.ask('GET', '/pulp/team/api/v3/status/')).status, 404, 'not for the protocol');
});
