/** Filters of lists in the details that clients of the peer meet: empty, strange and unknown values (core.md §1.5–1.6, §2.8). */
import assert from 'node:assert/strict';
import test from 'node:test';
import { useApi } from '../support/api.ts';

const { call } = await useApi();
const REPOSITORIES = 'repositories/file/file/';
const NOBODY = '00000000-0000-7000-8000-000000000000';

for (const name of ['filters-a', 'filters-b']) {
  const body = { name, pulp_labels: { env: name }, ...(name.endsWith('b') && { retain_repo_versions: 3 }) };
  assert.equal((await call('POST', REPOSITORIES, body)).status, 201);
}

async function found(path: string): Promise<unknown> {
  const { status, body } = await call('GET', path);
  return status === 200 ? body.count : body;
}

const answers: [string, unknown][] = [
  // a number that is not there is not different from any number
  [`${REPOSITORIES}?retain_repo_versions__ne=4`, 1],
  [`${REPOSITORIES}?retain_repo_versions__ne=3`, 0],
  [`${REPOSITORIES}?retain_repo_versions__range=x`, { retain_repo_versions__range: ['Enter a number.'] }],
  [
    `${REPOSITORIES}?retain_repo_versions__range=1`,
    { retain_repo_versions__range: ['Range query expects two values.'] },
  ],
  [`${REPOSITORIES}?with_content=`, ['No value supplied for content filter']],
  [`${REPOSITORIES}?latest_with_content=x`, ['URI not valid: x']],
  [`${REPOSITORIES}?pulp_label_select=${encodeURIComponent('a(b')}`, 0],
  [`${REPOSITORIES}?pulp_label_select=${encodeURIComponent('!a:b')}`, 2],
  [`${REPOSITORIES}?pulp_label_select=${encodeURIComponent('=x')}`, ["Invalid search term: '=x'."]],
  [`${REPOSITORIES}?format=xml`, { detail: 'Not found.' }],
  [`${REPOSITORIES}?format=json`, 2],
  ['content/file/files/?repository_version=', ['No value supplied for repository version filter']],
  ['content/file/files/?added_between=', 0],
  ['content/file/files/?orphaned_for=', 0],
  ['content/?pulp_type=core.publishedmetadata', 0],
  [
    `content/file/files/?repository_version=prn:file.filerepository:${NOBODY}`,
    [`URI prn:file.filerepository:${NOBODY} not found for filerepository.`],
  ],
  ['publications/file/file/?repository=', ['No value supplied for repository filter']],
  ['tasks/?state__in=nonsense', 0],
  ['tasks/?state=nonsense', { state: ['Select a valid choice. nonsense is not one of the available choices.'] }],
  ['tasks/?state__ne=nonsense', 0],
  ['tasks/?reserved_resources__in=', 0],
  ['tasks/?parent_task=x', ["URI couldn't be resolved: x"]],
  ['tasks/?created_resources=x', ['URI not valid: x']],
  [`tasks/?created_resources=prn:file.filerepository:${NOBODY}`, 0],
  ['tasks/?reserved_resources=/pulp/api/v3/nowhere/', 0],
  ['tasks/?finished_at__range=x', { finished_at__range: ['Enter a valid date/time.'] }],
  ['workers/?online=x', 0],
  ['access_policies/?viewset_name=tasks&customized=x', 1],
  ['roles/?contains_permission=&name=file.filerepository_viewer', 1],
  ['roles/?for_object_type=&name=file.filerepository_viewer', 1],
];

for (const [path, expected] of answers) {
  test(path, async () => assert.deepEqual(await found(path), expected));
}

test('names of all reserved resources must be held by the task', async () => {
  const { body: list } = await call('GET', `${REPOSITORIES}?name=filters-a`);
  const [repository] = list.results;
  const changed = await call('PATCH', repository.pulp_href, { description: 'x' });
  assert.equal(changed.status, 202);
  const { body: task } = await call('GET', changed.body.task);
  const [own, domain] = task.reserved_resources_record as [string, string];
  assert.equal(domain.startsWith('shared:prn:core.domain:'), true);
  const shared = domain.slice('shared:'.length);
  assert.equal(await found(`tasks/?reserved_resources__in=${own},${shared}`), 1);
  assert.equal(await found(`tasks/?reserved_resources__in=${own},prn:file.filerepository:${NOBODY}`), 0);
  assert.equal(await found(`tasks/?exclusive_resources__in=${own},${shared}`), 0);
  assert.equal(await found(`tasks/?exclusive_resources=${repository.pulp_href}`), 1);
  assert.equal(await found(`tasks/?shared_resources=${own}`), 0);
});

test('all that is wrong with a body is told at once, a name that is taken too', async () => {
  const { status, body } = await call('POST', REPOSITORIES, { name: 'filters-a', pulp_labels: [], remote: 'x' });
  assert.equal(status, 400);
  assert.deepEqual(body, {
    name: ['This field must be unique.'],
    pulp_labels: ['Expected a dictionary of items but got type "list".'],
    remote: ['Invalid hyperlink - No URL match.'],
  });
});

test('the choices of a list are refused without telling their places', async () => {
  const { status, body } = await call('POST', 'tasks/purge/', { states: ['running'] });
  assert.deepEqual([status, body], [400, { states: ['"running" is not a valid choice.'] }]);
});

test('what cannot be reclaimed is named', async () => {
  const refused = async (body: object) => (await call('POST', 'repositories/reclaim_space/', body)).body;
  const href = `/pulp/api/v3/${REPOSITORIES}${NOBODY}/`;
  assert.deepEqual(await refused({ repo_hrefs: ['x'] }), { repo_hrefs: ['URI not valid: x'] });
  assert.deepEqual(await refused({ repo_hrefs: [href] }), { repo_hrefs: [`URI ${href} not found for repository.`] });
  assert.deepEqual(await refused({ repo_hrefs: ['*', href] }), {
    repo_hrefs: ["Can not specify other HREFs when using '*'"],
  });
  const keep = await refused({ repo_hrefs: ['*'], repo_versions_keeplist: ['x', `${href}versions/1/`] });
  assert.deepEqual(keep, { repo_versions_keeplist: ['Invalid hyperlink - No URL match.'] });
});

test('bodies that are no JSON are refused with the place', async () => {
  const at = async (text: string) => {
    const sent = await call('POST', REPOSITORIES, text, { headers: { 'content-type': 'application/json' } });
    return sent.body.detail.replace('JSON parse error - ', '');
  };
  assert.equal(await at('{'), 'Expecting property name enclosed in double quotes: line 1 column 2 (char 1)');
  assert.equal(await at('{"a"'), "Expecting ':' delimiter: line 1 column 5 (char 4)");
  assert.equal(await at('{"a":\n1 2}'), "Expecting ',' delimiter: line 2 column 3 (char 8)");
  assert.equal(await at('{} x'), 'Extra data: line 1 column 4 (char 3)');
  assert.equal(await at('{"a":'), 'Expecting value: line 1 column 6 (char 5)');
});
