/** A Python remote made of a mirror tool's configuration passes all that a remote made by a request passes. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { give, makeUser } from '../access/world.ts';
import { useApi } from '../support/api.ts';

const api = await useApi();

let made = 0;
function configured(config: string, name = `mirror-${++made}`): FormData {
  const form = new FormData();
  form.set('config', new Blob([config]), 'bandersnatch.conf');
  form.set('name', name);
  return form;
}

const post = (form: FormData, as?: string) =>
  api.call('POST', 'remotes/python/python/from_bandersnatch/', form, as === undefined ? {} : { as });

const PLAIN = '[mirror]\nmaster = https://packages.example.com\nworkers = 5\n';

test('the configuration becomes a remote', async () => {
  const config = `${PLAIN}[plugins]\nenabled = allowlist_project\n[allowlist]\npackages =\n  shelf-reader\n  django<5\n`;
  const { status, body, headers } = await post(configured(config));
  assert.equal(status, 201, JSON.stringify(body));
  assert.equal(headers.get('location'), body.pulp_href);
  assert.equal(body.url, 'https://packages.example.com');
  assert.equal(body.download_concurrency, 5);
  assert.equal(body.policy, 'on_demand');
  assert.deepEqual(body.includes, ['shelf-reader', 'django<5']);
  assert.deepEqual((await api.call('GET', body.pulp_href)).body, body);
});

test('a password in the URL is refused and kept nowhere', async () => {
  const { status, body } = await post(
    configured('[mirror]\nmaster = https://user:hidden@packages.example.com\n', 'leak'),
  );
  assert.equal(status, 400);
  assert.match(body.url[0], /username or password authentication information/);
  assert.equal(await api.db.row(sql`select 1 as found from remote where name = 'leak'`), undefined);
});

test('a file outside of the allowed directories is refused', async () => {
  const { status, body } = await post(configured('[mirror]\nmaster = file:///etc/\n'));
  assert.equal(status, 400, JSON.stringify(body));
  assert.match(body.url[0], /not allowed import path/);
});

test('who makes it owns it', async () => {
  const maker = await makeUser(api, 'maker');
  await give(api, maker, 'python.pythonremote_creator');
  const { status, body } = await post(configured(PLAIN), maker.as);
  assert.equal(status, 201, JSON.stringify(body));
  const roles = await api.call('GET', `${body.pulp_href}list_roles/`, undefined, { as: maker.as });
  assert.deepEqual(roles.body.roles, [{ role: 'python.pythonremote_owner', users: ['maker'], groups: [] }]);
});

test('a name that is taken, and words that are no requirement, are told by field', async () => {
  await post(configured(PLAIN, 'twice'));
  const again = await post(configured(PLAIN, 'twice'));
  assert.deepEqual([again.status, again.body], [400, { name: ['This field must be unique.'] }]);
  const config = `${PLAIN}[plugins]\nenabled = allowlist_project\n[allowlist]\npackages =\n  ???\n`;
  const wrong = await post(configured(config));
  assert.equal(wrong.status, 400);
  assert.match(wrong.body.includes[0], /includes specifier \?\?\? is invalid/);
});

test('two at once with one name: one is made', async () => {
  const answers = await Promise.all([1, 2, 3, 4].map(() => post(configured(PLAIN, 'race'))));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 400, 400, 400]);
});
