/** What bodies name: a remote, a guard, a publication, a version, an artifact that the caller may not see is not to be used. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { useApi } from '../support/api.ts';
import { addUnit, give, idOf, made, makeUser, publication, unit } from './world.ts';

const api = await useApi();
const { call } = api;
const maker = await makeUser(api, 'maker');
for (const role of [
  'file.filerepository_creator',
  'file.filedistribution_creator',
  'python.pythonrepository_creator',
  'python.pythondistribution_creator',
  'core.compositecontentguard_creator',
  'core.upload_creator',
])
  await give(api, maker, role);
const as = maker.as;

const guard = await made(api, 'contentguards/core/header/', { name: 'hidden', header_name: 'x', header_value: 'y' });
const remote = await made(api, 'remotes/python/python/', { name: 'hidden', url: 'http://example.com/' });
const hidden = await made(api, 'repositories/file/file/', { name: 'hidden' });
const hiddenPublication = await publication(api, hidden);

const FORBIDDEN = { detail: 'You do not have permission to perform this action.' };

async function refused(path: string, body: object, method = 'POST'): Promise<void> {
  const reply = await call(method, path, body, { as });
  assert.deepEqual([reply.status, reply.body], [403, FORBIDDEN], `${method} ${path} ${JSON.stringify(body)}`);
}

async function own(path: string, body: object): Promise<string> {
  const reply = await call('POST', path, body, { as });
  assert.ok([201, 202].includes(reply.status), JSON.stringify(reply.body));
  if (reply.status === 201) return reply.body.pulp_href;
  const task = await call('GET', reply.body.task, undefined, { as });
  assert.equal(task.body.state, 'completed', JSON.stringify(task.body.error));
  return task.body.created_resources[0];
}

test('references of new and of changed objects', async () => {
  const tries: [string, object][] = [
    ['distributions/python/pypi/', { name: 'mine', base_path: 'mine', remote }],
    [
      'distributions/python/pypi/',
      { name: 'mine', base_path: 'mine', remote: `prn:python.pythonremote:${idOf(remote)}` },
    ],
    ['distributions/python/pypi/', { name: 'mine', base_path: 'mine', content_guard: guard }],
    ['distributions/file/file/', { name: 'mine', base_path: 'mine', content_guard: guard }],
    ['distributions/file/file/', { name: 'mine', base_path: 'mine', publication: hiddenPublication }],
    ['contentguards/core/composite/', { name: 'mine', guards: [guard] }],
    ['repositories/python/python/', { name: 'mine', remote }],
  ];
  for (const [path, body] of tries) await refused(path, body);
  const python = await own('distributions/python/pypi/', { name: 'python', base_path: 'python' });
  const file = await own('distributions/file/file/', { name: 'file', base_path: 'file' });
  const composite = await own('contentguards/core/composite/', { name: 'composite', guards: [] });
  await refused(python, { remote }, 'PATCH');
  await refused(python, { name: 'python', base_path: 'python', remote }, 'PUT');
  await refused(file, { content_guard: guard }, 'PATCH');
  await refused(composite, { guards: [composite, guard] }, 'PATCH');
  await give(api, maker, 'core.headercontentguard_viewer', guard);
  await give(api, maker, 'python.pythonremote_viewer', remote);
  await own('contentguards/core/composite/', { name: 'allowed', guards: [composite, guard] });
  await own('distributions/python/pypi/', { name: 'allowed', base_path: 'allowed', remote, content_guard: guard });
});

test('a reference that is there already can be sent back', async () => {
  const href = await own('distributions/file/file/', { name: 'guarded', base_path: 'guarded' });
  const other = await made(api, 'contentguards/core/header/', { name: 'admins', header_name: 'x', header_value: 'y' });
  assert.equal((await call('PATCH', href, { content_guard: other })).status, 202);
  const { body } = await call('GET', href, undefined, { as });
  assert.equal(body.content_guard, other);
  const reply = await call('PUT', href, { name: 'guarded', base_path: 'guarded-2', content_guard: other }, { as });
  assert.equal(reply.status, 202, JSON.stringify(reply.body));
});

test('what is not there stays a wrong link', async () => {
  const never = guard.replace(idOf(guard), '0195c0de-0000-7000-8000-000000000000');
  const body = { name: 'none', base_path: 'none', content_guard: never };
  const reply = await call('POST', 'distributions/file/file/', body, { as });
  assert.deepEqual(reply.body, { content_guard: ['Invalid hyperlink - Object does not exist.'] });
});

test('a policy that shows a kind to everybody lets everybody name it', async () => {
  const shown = await made(api, 'contentguards/core/header/', { name: 'shown', header_name: 'x', header_value: 'y' });
  const body = { name: 'shown', base_path: 'shown', content_guard: shown };
  await refused('distributions/file/file/', body);
  const { body: found } = await call('GET', 'access_policies/?viewset_name=contentguards/core/header');
  const policy = found.results[0].pulp_href;
  assert.equal((await call('PATCH', policy, { queryset_scoping: {} })).status, 200);
  await own('distributions/file/file/', body);
});

const artifactOf = async (href: string): Promise<string> => (await call('GET', href)).body.artifact;

test('bytes of a hidden repository', async () => {
  const repository = await own('repositories/file/file/', { name: 'mine' });
  const upload = { relative_path: 'mine', repository };
  const inHidden = await unit(api, hidden);
  const artifact = await artifactOf(inHidden);
  await refused('content/file/files/', { ...upload, artifact });
  await addUnit(api, inHidden, repository);
  assert.equal((await call('POST', 'content/file/files/', { ...upload, artifact }, { as })).status, 202);
  const free = await artifactOf(await unit(api));
  assert.equal((await call('POST', 'content/file/files/', { ...upload, artifact: free }, { as })).status, 202);
});

test('bytes that a task of the caller has brought, and those of hidden publications', async () => {
  const repository = await own('repositories/file/file/', { name: 'mine-too' });
  const upload = { relative_path: 'mine', repository };
  const artifact = await artifactOf(await unit(api, hidden));
  const prn = `prn:core.artifact:${idOf(artifact)}`;
  await refused('content/file/files/', { ...upload, artifact });
  await api.db.run(sql`insert into task (pulp_id, domain_id, name, state, created_by, created_resources, pulp_created, pulp_last_updated)
    select gen_random_uuid(), id, 'pulpcore.app.tasks.upload.commit', 'completed', ${maker.id}, array[${prn}], now(), now() from domain limit 1`);
  assert.equal((await call('POST', 'content/file/files/', { ...upload, artifact }, { as })).status, 202);
  const form = new FormData();
  form.set('file', new Blob(['metadata of a hidden publication']), 'x');
  const metadata = (await call('POST', 'artifacts/', form)).body.pulp_href;
  await api.db.run(sql`insert into published_artifact (publication_id, relative_path, artifact_id)
    select ${idOf(hiddenPublication)}, 'index', id from artifact where pulp_id = ${idOf(metadata)}`);
  await refused('content/file/files/', { ...upload, artifact: metadata });
});
