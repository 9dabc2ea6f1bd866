/** A protocol of clients that makes what it is pushed into, as a registry does: repository and distribution, past no check. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { after } from 'node:test';
import { VerifiedPasswords } from '../../src/access/identities/verified-passwords.ts';
import { LiveHandler } from '../../src/api/live/live-handler.ts';
import { sql } from '../../src/db/sql.ts';
import type { LiveApi, LiveRequest } from '../../src/plugin-api/contracts/live.ts';
import type { Values } from '../../src/plugin-api/declare/field.ts';
import { filePlugin } from '../../src/plugins/file/plugin.ts';
import { give, makeUser } from '../access/world.ts';
import { useApi } from '../support/api.ts';

const api = await useApi();
const typeOf = (table: string) =>
  [...filePlugin.repositories, ...filePlugin.remotes, ...filePlugin.distributions].find(
    ({ model }) => model.table === table,
  )!;

async function push(request: LiveRequest) {
  const domain = (await request.domain('default'))!;
  const user = await request.user();
  const { values } = await request.body(domain);
  if (values.table) {
    const { id } = await request.create(domain, user, typeOf(String(values.table)), values.values as Values);
    return { status: 201, body: { id } };
  }
  const repository = await request.create(domain, user, typeOf('repository'), { name: values.name });
  const served = { name: values.name, base_path: values.name, repository: repository.answer.headers?.Location };
  const distribution = await request.create(domain, user, typeOf('distribution'), served);
  return { status: 201, body: { repository: repository.id, distribution: distribution.answer.body } };
}

const registry: LiveApi = { prefixes: () => ['/push/'], handle: push };
const nowhere = () => Promise.reject(new Error('nothing is stored'));
const handler = new LiveHandler([registry], {
  services: api.services,
  passwords: new VerifiedPasswords(),
  authorize: async () => true,
  dispatch: () => Promise.reject(new Error('nothing is dispatched')),
  content: { find: async () => undefined, refusalOf: nowhere, kept: nowhere, send: nowhere },
});
const server = createServer((request, response) => void handler.handle(request, response));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
after(() => void server.close());
const maker = await makeUser(api, 'pusher');
await give(api, maker, 'file.filerepository_viewer');

async function send(body: object) {
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/push/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(maker.as)}` },
    body: JSON.stringify(body),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into as they come
  return { status: response.status, body: (await response.json()) as any };
}

test('what does not exist yet is made, with version, references and roles of its maker', async () => {
  const { status, body } = await send({ name: 'images/first' });
  assert.equal(status, 201, JSON.stringify(body));
  const repository = await api.call('GET', body.distribution.repository);
  assert.equal(repository.body.pulp_href.split('/').at(-2), body.repository);
  assert.equal(repository.body.latest_version_href, `${repository.body.pulp_href}versions/0/`);
  const seen = await api.call('GET', body.distribution.pulp_href);
  assert.deepEqual(seen.body, body.distribution);
  const roles = await api.call('GET', `${repository.body.pulp_href}list_roles/`);
  assert.deepEqual(roles.body.roles, [{ role: 'file.filerepository_owner', users: ['pusher'], groups: [] }]);
});

test('the rules of a request hold: names, paths, overlaps', async () => {
  const again = await send({ name: 'images/first' });
  assert.deepEqual([again.status, again.body], [400, { name: ['This field must be unique.'] }]);
  const below = await send({ name: 'images/first/below' });
  assert.equal(below.status, 400);
  assert.match(JSON.stringify(below.body), /Overlaps with an existing distribution/);
});

test('secrets are kept encrypted', async () => {
  const values = { name: 'upstream', url: 'http://example.com/', username: 'me', password: 'hidden-word' };
  const { status, body } = await send({ table: 'remote', values });
  assert.equal(status, 201, JSON.stringify(body));
  const row = await api.db.row<{ password: string }>(sql`select password from remote where pulp_id = ${body.id}`);
  assert.equal(api.services.secrets.decrypt(row!.password), 'hidden-word');
  const wrong = await send({
    table: 'remote',
    values: { ...values, name: 'other', url: 'http://me:hidden-word@a.example/' },
  });
  assert.equal(wrong.status, 400);
});

test('what only a task can make is refused', async () => {
  const { status } = await send({ table: 'publication', values: {} });
  assert.equal(status, 500);
});
