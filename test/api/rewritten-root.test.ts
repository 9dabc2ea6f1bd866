/** A proxy in front that serves the API below another root, and tells it in a header. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { useRunningServer } from '../support/running-server.ts';

const running = await useRunningServer({
  api_root_rewrite_header: 'X-API-Root',
  domain_enabled: true,
});
const ROOT = { 'x-api-root': '/behind/proxy/' };
const ask = (method: string, path: string, input?: unknown, headers: Record<string, string> = ROOT) =>
  running.call(method, path, input, headers);

test('what is sent to the root that the header names is answered with hrefs below it', async () => {
  const index = await ask('GET', '/behind/proxy/default/api/v3/');
  for (const url of Object.values<string>(index.body))
    assert.match(url, /^http:\/\/[^/]+\/behind\/proxy\/default\/api/);
  const remote = (await ask('POST', '/behind/proxy/default/api/v3/remotes/file/file/', { name: 'r', url: 'http://x/' }))
    .body;
  assert.match(remote.pulp_href, /^\/behind\/proxy\/default\/api\/v3\/remotes\/file\/file\/[^/]+\/$/);
  const body = { name: 'a', remote: remote.pulp_href };
  const made = await ask('POST', '/behind/proxy/default/api/v3/repositories/file/file/', body);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.equal(made.body.remote, remote.pulp_href);
  assert.equal((await ask('GET', made.body.latest_version_href)).body.repository, made.body.pulp_href);
  // hrefs of either root mean the same object, whichever way they come.
  const plain = remote.pulp_href.replace('/behind/proxy/', '/pulp/');
  const other = await running.create('repositories/file/file/', { remote: remote.pulp_href });
  assert.equal(other.remote, plain);
  const { body: page } = await ask('GET', `/behind/proxy/default/api/v3/repositories/?remote=${plain}&limit=1`);
  assert.equal(page.count, 2);
  assert.match(page.next, /^http:\/\/[^/]+\/behind\/proxy\/default\/api/);
  const { body: users } = await ask('GET', '/behind/proxy/default/api/v3/users/');
  const roles = await ask('GET', `${users.results[0].pulp_href}roles/`);
  assert.equal(roles.status, 200);
});

test('tasks and objects of other domains have the same root', async () => {
  const domain = { name: 'd', storage_class: 'pulpcore.app.models.storage.FileSystem', storage_settings: {} };
  const settings = { location: `${running.server.data}/media-d` };
  const api = '/behind/proxy/default/api/v3/';
  assert.equal((await ask('POST', `${api}domains/`, { ...domain, storage_settings: settings })).status, 201);
  const inOther = '/behind/proxy/d/api/v3/';
  const { body: repository } = await ask('POST', `${inOther}repositories/file/file/`, { name: 'x' });
  assert.ok(repository.pulp_href.startsWith(inOther));
  const user = (await ask('POST', `${api}users/`, { username: 'somebody', password: 'a long enough one' })).body;
  const role = { role: 'file.filerepository_viewer', content_object: repository.pulp_href };
  const given = await ask('POST', `${user.pulp_href}roles/`, role);
  assert.equal(given.body.content_object, repository.pulp_href, JSON.stringify(given.body));
  const started = await ask('DELETE', repository.pulp_href);
  assert.ok(started.body.task.startsWith(inOther));
  assert.equal((await ask('GET', started.body.task)).status, 200);
  const task = await running.ended(started.body.task.replace('/behind/proxy/', '/pulp/'));
  assert.equal(task.state, 'completed');
});

test('root and header have to fit', async () => {
  const status = async (path: string, headers: Record<string, string>) =>
    (await ask('GET', `${path}default/api/v3/repositories/`, undefined, headers)).status;
  assert.deepEqual(
    [
      await status('/behind/proxy/', ROOT),
      await status('/behind/proxy/', { 'x-api-root': 'behind/proxy' }),
      await status('/behind/proxy/', {}),
      await status('/behind/', ROOT),
      await status('/pulp/', ROOT),
      await status('/pulp/', {}),
    ],
    [200, 200, 404, 404, 404, 200],
  );
});
