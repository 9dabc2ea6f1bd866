/** Endpoints of a package type: in the document, under a policy of their own, with a body that is checked and a task that is started. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pluginEndpoint } from '../../src/api/endpoints/plugin-endpoint.ts';
import { installedPlugins } from '../../src/app/installed-plugins.ts';
import { apiDocument } from '../../src/app/program/api-document.ts';
import { composeProgram } from '../../src/app/program/program.ts';
import type { PluginEndpoint } from '../../src/plugin-api/contracts/endpoint.ts';
import { definePlugin, integer, json, list, reference, type Values } from '../../src/plugin-api/index.ts';
import { give, made, makeUser, unit } from '../access/world.ts';
import { type TestApi, useApi } from '../support/api.ts';

const copy: PluginEndpoint = {
  method: 'post',
  path: 'shelf/copy/',
  operationId: 'copy_units',
  tag: 'Shelf: Copy',
  summary: 'Copy units',
  input: {
    component: 'Copy',
    fields: {
      repository: reference('repository', { help: 'Where to.', required: true }),
      sources: list(reference('repository_version'), { help: 'Where from.', required: false }),
      config: json({ help: 'What to copy.', required: false }),
    },
  },
  output: { 202: { component: 'AsyncOperation' } },
  policy: {
    view: 'shelf/copy',
    action: 'create',
    statements: ['create | =has_repo_or_repo_ver_param_model_or_domain_or_obj_perms:file.modify_filerepository'],
  },
  async run(request, { repository, config }: Values) {
    const { units = [], from = [] } = (config ?? {}) as { units?: string[]; from?: string[] };
    const found = await request.named('content', units);
    const versions = await request.named(['repository_version', 'repository'], from);
    if (from.length > 0) return { status: 200, body: { units: found.map(ids), from: versions.map(ids) } };
    const { id, prn } = repository as { id: string; prn: string };
    return await request.accepted({
      name: 'pulpcore.app.tasks.repository.add_and_remove',
      args: { repository: id, add_content_units: found.map((one) => one!.id), remove_content_units: [] },
      exclusive: [prn],
      immediate: true,
    });
  },
};

const ids = (one: { readonly id: string } | undefined) => one?.id ?? null;

const count: PluginEndpoint = {
  method: 'get',
  path: 'shelf/count/{name}/',
  operationId: 'count_units',
  tag: 'Shelf: Count',
  output: { 200: { component: 'Count', fields: { count: integer({ help: 'Units.' }) } } },
  policy: { view: 'shelf/count', action: 'list', statements: ['list | =is_shelf:first'] },
  run: async ({ params, domain }) => ({ status: 200, body: { count: 1, ...params, domain: domain.name } }),
};

const shelf = definePlugin({
  name: 'shelf',
  version: '1.0.0',
  package: 'shelf',
  module: 'shelf.app',
  endpoints: [copy, count],
  conditions: { is_shelf: ({ params }, name) => params.name === name },
});
const program = composeProgram([...installedPlugins, shelf]);
const idOf = (href: string) => href.split('/').at(-2)!;

test('the document has the operation, and the policies have its view', async () => {
  const document = JSON.parse(apiDocument(program, { apiRoot: '/pulp/', domainEnabled: false }, { form: 'json' }));
  const { post } = document.paths['/pulp/api/v3/shelf/copy/'];
  assert.equal(post.operationId, 'copy_units');
  assert.deepEqual(post.tags, ['Shelf: Copy']);
  assert.deepEqual(Object.keys(document.components.schemas.Copy.properties), ['repository', 'sources', 'config']);
  assert.deepEqual(Object.keys(post.responses), ['202']);
  const domains = JSON.parse(apiDocument(program, { apiRoot: '/pulp/', domainEnabled: true }, { form: 'json' }));
  assert.ok('/pulp/{pulp_domain}/api/v3/shelf/count/{name}/' in domains.paths);
  assert.ok(program.access().policies.has('shelf/count'));
  assert.throws(() => pluginEndpoint('shelf', { ...copy, path: '/shelf/' }), /not below the prefix/);
});

suite('rights', async () => {
  const api = await useApi({}, program);
  const repository = await made(api, 'repositories/file/file/', { name: 'target' });
  const hidden = await made(api, 'repositories/file/file/', { name: 'hidden' });
  const [one, other] = [await unit(api, hidden), await unit(api)];

  test('the policy is asked before the body is read, and once more with it', async () => {
    const nobody = await api.call('POST', 'shelf/copy/', { repository }, { as: null });
    assert.deepEqual([nobody.status, nobody.headers.get('www-authenticate')], [401, 'Basic realm="api"']);
    const person = await makeUser(api, 'helper');
    const refused = await api.call('POST', 'shelf/copy/', { repository }, { as: person.as });
    assert.deepEqual(refused.body, { detail: 'You do not have permission to perform this action.' });
    assert.equal(refused.status, 403);
    await give(api, person, 'file.filerepository_owner', repository);
    const allowed = await api.call('POST', 'shelf/copy/', { repository, config: {} }, { as: person.as });
    assert.equal(allowed.status, 202, JSON.stringify(allowed.body));
  });

  test('a condition of the type decides by the path', async () => {
    const person = await makeUser(api, 'reader');
    const first = await api.call('GET', 'shelf/count/first/', undefined, { as: person.as });
    assert.deepEqual([first.status, first.body], [200, { count: 1, name: 'first', domain: 'default' }]);
    assert.equal((await api.call('GET', 'shelf/count/second/', undefined, { as: person.as })).status, 403);
    assert.equal((await api.call('DELETE', 'shelf/count/first/', undefined, { as: person.as })).status, 405);
  });

  test('a policy that an administrator changes holds at once', async () => {
    const { results } = (await api.call('GET', 'access_policies/?viewset_name=shelf/count')).body;
    const statements = [{ action: ['list'], principal: 'admin', effect: 'allow' }];
    await api.call('PATCH', results[0].pulp_href, { statements });
    const person = await makeUser(api, 'late');
    assert.equal((await api.call('GET', 'shelf/count/first/', undefined, { as: person.as })).status, 403);
    assert.equal((await api.call('GET', 'shelf/count/first/')).status, 200);
    await api.call('POST', `${results[0].pulp_href}reset/`);
  });

  test('what the caller may not see is not there: in fields, and deeper in the body', async () => {
    const person = await makeUser(api, 'blind');
    await give(api, person, 'file.filerepository_owner', repository);
    const sources = [`${hidden}versions/0/`];
    const refused = await api.call('POST', 'shelf/copy/', { repository, sources }, { as: person.as });
    assert.deepEqual(refused.body, { sources: ['Invalid hyperlink - Object does not exist.'] });
    const config = { units: [one, other, 'nonsense', repository], from: [`${hidden}versions/0/`, hidden, repository] };
    const named = await api.call('POST', 'shelf/copy/', { repository, config }, { as: person.as });
    assert.deepEqual(named.body, { units: [null, null, null, null], from: [null, null, idOf(repository)] });
    const all = (await api.call('POST', 'shelf/copy/', { repository, config })).body;
    assert.deepEqual(all.units, [idOf(one), idOf(other), null, null]);
    assert.deepEqual(all.from.slice(1), [idOf(hidden), idOf(repository)]);
    assert.match(all.from[0], /^[0-9a-f-]{36}$/);
    const prns = { units: [`prn:file.filecontent:${idOf(one)}`], from: [`prn:core.repositoryversion:${all.from[0]}`] };
    const byPrn = (await api.call('POST', 'shelf/copy/', { repository, config: prns })).body;
    assert.deepEqual(byPrn, { units: [idOf(one)], from: [all.from[0]] });
  });

  test('the task does its work, and wrong bodies are refused as anywhere', async () => {
    const { status, body } = await api.call('POST', 'shelf/copy/', { repository, config: { units: [one, other] } });
    assert.equal(status, 202);
    assert.equal((await api.call('GET', body.task)).body.state, 'completed');
    const { body: units } = await api.call('GET', `content/file/files/?repository_version=${repository}versions/1/`);
    assert.equal(units.count, 2);
    assert.deepEqual((await api.call('POST', 'shelf/copy/', {})).body, { repository: ['This field is required.'] });
    const odd = await api.call('POST', 'shelf/copy/', { repository, odd: 1 });
    assert.deepEqual(odd.body, { odd: ['Unexpected field'] });
  });
});

suite('with domains', async () => {
  const api = await useApi({ domainEnabled: true }, program);
  const inDomain = (name: string): TestApi => ({
    ...api,
    call: (method, path, ...rest) =>
      api.call(method, path.startsWith('/') ? path : `/pulp/${name}/api/v3/${path}`, ...rest),
  });
  const [main, team] = [inDomain('default'), inDomain('team')];
  const settings = { storage_class: 'pulpcore.app.models.storage.FileSystem', storage_settings: { MEDIA_ROOT: '' } };
  const domain = await main.call('POST', 'domains/', { name: 'team', ...settings });

  test('rights and objects of one domain are nothing in another', async () => {
    assert.equal(domain.status, 201, JSON.stringify(domain.body));
    const there = await made(team, 'repositories/file/file/', { name: 'there' });
    const here = await made(main, 'repositories/file/file/', { name: 'here' });
    const person = await makeUser(main, 'member');
    await main.call('POST', `${person.href}roles/`, {
      role: 'file.filerepository_owner',
      domain: domain.body.pulp_href,
      content_object: null,
    });
    const { as } = person;
    assert.equal((await team.call('POST', 'shelf/copy/', { repository: there, config: {} }, { as })).status, 202);
    assert.equal((await main.call('POST', 'shelf/copy/', { repository: here, config: {} }, { as })).status, 403);
    const across = await team.call('POST', 'shelf/copy/', { repository: there, config: { from: [here, there] } });
    assert.deepEqual(across.body.from, [null, idOf(there)]);
    const counted = await team.call('GET', 'shelf/count/first/');
    assert.equal(counted.body.domain, 'team');
    assert.equal((await inDomain('none').call('GET', 'shelf/count/first/')).status, 404);
  });
});
