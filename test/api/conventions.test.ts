/** The conventions of the REST API (core.md §1), seen through file repositories and remotes. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { useApi } from '../support/api.ts';

const { call, db } = await useApi();
const REPOSITORIES = 'repositories/file/file/';

async function make(name: string, more: object = {}) {
  const { status, body } = await call('POST', REPOSITORIES, { name, ...more });
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

test('a created object has an href, a PRN and a Location', async () => {
  const { status, headers, body } = await call('POST', REPOSITORIES, {
    name: 'conv-create',
    pulp_labels: { a: 'b', c: null },
  });
  assert.equal(status, 201);
  assert.equal(headers.get('location'), body.pulp_href);
  assert.match(body.pulp_href, /^\/pulp\/api\/v3\/repositories\/file\/file\/[0-9a-f-]{36}\/$/);
  assert.equal(body.prn, `prn:file.filerepository:${body.pulp_href.split('/').at(-2)}`);
  assert.equal(body.latest_version_href, `${body.pulp_href}versions/0/`);
  assert.deepEqual(body.pulp_labels, { a: 'b', c: null });
  assert.match(body.pulp_created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  const read = await call('GET', body.pulp_href);
  assert.deepEqual(read.body, body);
});

test('every answer has the headers of the peer', async () => {
  const { headers } = await call('GET', REPOSITORIES, undefined, {
    headers: { 'correlation-id': '0123456789abcdef0123456789abcdef' },
  });
  assert.equal(headers.get('x-frame-options'), 'DENY');
  assert.equal(headers.get('vary'), 'Accept');
  assert.equal(headers.get('correlation-id'), '0123456789abcdef0123456789abcdef');
  assert.match(headers.get('allow') ?? '', /^GET, POST, HEAD, OPTIONS$/);
  const fresh = await call('GET', REPOSITORIES, undefined, { headers: { 'correlation-id': 'not an id' } });
  assert.match(fresh.headers.get('correlation-id') ?? '', /^[0-9a-f]{32}$/);
});

const refusals: [string, object | string, object][] = [
  ['a missing field', {}, { name: ['This field is required.'] }],
  ['null', { name: null }, { name: ['This field may not be null.'] }],
  ['an empty string', { name: '' }, { name: ['This field may not be blank.'] }],
  ['another type', { name: ['a'] }, { name: ['Not a valid string.'] }],
  ['an unknown key', { name: 'conv-unknown', foo: 1 }, { foo: ['Unexpected field'] }],
  ['errors of known fields before unknown keys', { foo: 1 }, { name: ['This field is required.'] }],
  [
    'a number that is too small',
    { name: 'x', retain_repo_versions: 0 },
    { retain_repo_versions: ['Ensure this value is greater than or equal to 1.'] },
  ],
  [
    'no number',
    { name: 'x', retain_repo_versions: 'many' },
    { retain_repo_versions: ['A valid integer is required.'] },
  ],
  ['no boolean', { name: 'x', autopublish: 'perhaps' }, { autopublish: ['Must be a valid boolean.'] }],
  [
    'an href of nothing',
    { name: 'x', remote: '/pulp/api/v3/remotes/file/file/0195c0de-0000-7000-8000-000000000000/' },
    { remote: ['Invalid hyperlink - Object does not exist.'] },
  ],
  ['no href', { name: 'x', remote: 'somewhere' }, { remote: ['Invalid hyperlink - No URL match.'] }],
  [
    'no PRN',
    { name: 'x', remote: 'prn:foo' },
    { remote: ["PRN must be of the form 'prn:app_label.model_label:pk': prn:foo"] },
  ],
  [
    'a PRN of no model',
    { name: 'x', remote: 'prn:file.nope:0195c0de-0000-7000-8000-000000000000' },
    { remote: ['Model file.nope does not exist'] },
  ],
  ['a PRN without UUID', { name: 'x', remote: 'prn:file.fileremote:zz' }, { remote: ['“zz” is not a valid UUID.'] }],
  [
    'labels that are no object',
    { name: 'x', pulp_labels: [] },
    { pulp_labels: ['Expected a dictionary of items but got type "list".'] },
  ],
  ['a list as body', [], { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }],
];
for (const [what, sent, expected] of refusals) {
  test(`refuses ${what}`, async () => {
    const { status, body } = await call('POST', REPOSITORIES, sent);
    assert.equal(status, 400);
    assert.deepEqual(body, expected);
  });
}

test('an empty text where an object is named is null', async () => {
  const remote = await call('POST', 'remotes/file/file/', { name: 'for empty', url: 'http://' });
  const made = await call('POST', REPOSITORIES, { name: 'empty', remote: remote.body.pulp_href });
  await call('PATCH', made.body.pulp_href, { remote: '' });
  assert.equal((await call('GET', made.body.pulp_href)).body.remote, null);
});

test('errors within q are told as the peer does; hrefs of all types fit a list over all types', async () => {
  const { body } = await call('GET', 'repositories/?q=pulp_type%3D%22core.foo%22');
  const message = 'Select a valid choice. core.foo is not one of the available choices.';
  assert.deepEqual(body, { q: [`{"pulp_type": [{"message": "${message}", "code": "invalid_choice"}]}`] });
  const made = await call('POST', REPOSITORIES, { name: 'of any type' });
  const found = await call('GET', `repositories/?pulp_href__in=${made.body.pulp_href}`);
  assert.deepEqual([found.body.count, found.body.results[0].name], [1, 'of any type']);
});

test('malformed JSON and unknown media types are told', async () => {
  const json = await call('POST', REPOSITORIES, '{"name": ', { headers: { 'content-type': 'application/json' } });
  assert.equal(json.status, 400);
  assert.match(json.body.detail, /^JSON parse error - /);
  const text = await call('POST', REPOSITORIES, 'name', { headers: { 'content-type': 'text/plain' } });
  assert.equal(text.status, 415);
  assert.equal(text.body.detail, 'Unsupported media type "text/plain" in request.');
});

test('forms are as good as JSON', async () => {
  const form = new FormData();
  form.set('name', 'conv-form');
  form.set('autopublish', 'true');
  form.set('pulp_labels', '{"k": "v"}');
  const multipart = await call('POST', REPOSITORIES, form);
  assert.equal(multipart.status, 201);
  assert.equal(multipart.body.autopublish, true);
  assert.deepEqual(multipart.body.pulp_labels, { k: 'v' });
  const encoded = await call(
    'POST',
    REPOSITORIES,
    new URLSearchParams({ name: 'conv-encoded', retain_repo_versions: '3' }),
  );
  assert.equal(encoded.body.retain_repo_versions, 3);
});

test('names are unique', async () => {
  await make('conv-twice');
  const { status, body } = await call('POST', REPOSITORIES, { name: 'conv-twice' });
  assert.equal(status, 400);
  assert.deepEqual(body, { name: ['This field must be unique.'] });
});

test('lists are paged, newest first, and link to their neighbours', async () => {
  for (const name of ['conv-page-1', 'conv-page-2', 'conv-page-3']) await make(name);
  const first = await call('GET', `${REPOSITORIES}?name__startswith=conv-page&limit=1&fields=name`);
  assert.deepEqual(first.body.results, [{ name: 'conv-page-3' }]);
  assert.equal(first.body.count, 3);
  assert.equal(first.body.previous, null);
  assert.match(first.body.next, /\?fields=name&limit=1&name__startswith=conv-page&offset=1$/);
  const second = await call('GET', new URL(first.body.next).pathname + new URL(first.body.next).search);
  assert.deepEqual(second.body.results, [{ name: 'conv-page-2' }]);
  assert.ok(!second.body.previous.includes('offset'));
  const beyond = await call('GET', `${REPOSITORIES}?name__startswith=conv-page&offset=50`);
  assert.deepEqual([beyond.status, beyond.body.results, beyond.body.count], [200, [], 3]);
  const silly = await call('GET', `${REPOSITORIES}?name__startswith=conv-page&limit=-1&offset=x`);
  assert.equal(silly.body.results.length, 3);
});

test('filters with their suffixes', async () => {
  await make('conv-filter-alpha', { retain_repo_versions: 2, description: 'x' });
  await make('conv-filter-Beta', { retain_repo_versions: 5 });
  const names = async (query: string) => {
    const { status, body } = await call('GET', `${REPOSITORIES}?${query}&fields=name&ordering=name`);
    assert.equal(status, 200, JSON.stringify(body));
    return body.results.map((one: { name: string }) => one.name);
  };
  assert.deepEqual(await names('name=conv-filter-alpha'), ['conv-filter-alpha']);
  assert.deepEqual(await names('name__icontains=FILTER-B'), ['conv-filter-Beta']);
  assert.deepEqual(await names('name__iexact=CONV-FILTER-ALPHA'), ['conv-filter-alpha']);
  assert.deepEqual(await names('name__in=conv-filter-alpha,conv-filter-Beta'), [
    'conv-filter-Beta',
    'conv-filter-alpha',
  ]);
  assert.deepEqual(await names('name__regex=^conv-filter-[a-z]'), ['conv-filter-alpha']);
  assert.deepEqual(await names('name__startswith=conv-filter&retain_repo_versions__gt=2'), ['conv-filter-Beta']);
  assert.deepEqual(await names('name__startswith=conv-filter&retain_repo_versions__range=1,3'), ['conv-filter-alpha']);
  assert.deepEqual(await names('name__startswith=conv-filter&retain_repo_versions__isnull=true'), []);
  assert.deepEqual(await names('name__contains=100%25'), []);
});

test('bad filters are refused in words', async () => {
  const refused = async (query: string) => {
    const { status, body } = await call('GET', `${REPOSITORIES}?${query}`);
    assert.equal(status, 400);
    return body;
  };
  assert.deepEqual(await refused('foo=1'), { errors: ["Invalid Filter: 'foo'"] });
  assert.deepEqual(await refused('retain_repo_versions=x'), { retain_repo_versions: ['Enter a number.'] });
  assert.ok('name__regex' in (await refused('name__regex=(')));
  assert.ok('ordering' in (await refused('ordering=foo')));
  assert.deepEqual(await refused('prn__in=abc'), ["Not a valid PRN: abc, must start with 'prn:'"]);
});

test('q combines filters and has bounded cost', async () => {
  await make('conv-q-one', { pulp_labels: { env: 'prod' } });
  await make('conv-q-two', { pulp_labels: { env: 'dev' } });
  const names = async (q: string) => {
    const { status, body } = await call('GET', `${REPOSITORIES}?fields=name&ordering=name&q=${encodeURIComponent(q)}`);
    return status === 200 ? body.results.map((one: { name: string }) => one.name) : body;
  };
  assert.deepEqual(await names('name=conv-q-one OR name=conv-q-two'), ['conv-q-one', 'conv-q-two']);
  assert.deepEqual(await names('name__startswith=conv-q AND NOT pulp_label_select="env=prod"'), ['conv-q-two']);
  assert.deepEqual(await names('name='), { q: ['Syntax error in expression.'] });
  assert.deepEqual(await names('nme=x'), { q: ["Filter 'nme' does not exist."] });
  assert.deepEqual(await names('q=x'), { q: ["You cannot use 'q' in complex filtering."] });
  assert.deepEqual(await names('ordering=name'), { q: ['An ordering filter cannot be used in complex filtering.'] });
  const chain = (leaves: number) => Array.from({ length: leaves }, () => 'name=x').join(' OR ');
  assert.deepEqual(await names(chain(7)), []);
  assert.deepEqual(await names(chain(8)), { q: ['Filter expression exceeds allowed complexity.'] });
});

test('texts in q are as they stand, and its depth is bounded', async () => {
  await make('conv-text', { pulp_labels: { k: 'a,b', back: 'o\\b', quoted: "it''s" } });
  await make('conv-te\\xt');
  const names = async (q: string) => {
    const { status, body } = await call('GET', `${REPOSITORIES}?fields=name&ordering=name&q=${encodeURIComponent(q)}`);
    return status === 200 ? body.results.map((one: { name: string }) => one.name) : body;
  };
  for (const quote of ["'", '"']) {
    assert.deepEqual(await names(`pulp_label_select=${quote}k=a\\,b${quote}`), ['conv-text']);
    assert.deepEqual(await names(`pulp_label_select=${quote}k~\\,${quote}`), ['conv-text']);
    assert.deepEqual(await names(`pulp_label_select=${quote}back=o\\b${quote}`), ['conv-text']);
    assert.deepEqual(await names(`pulp_label_select=${quote}back=o\\\\b${quote}`), []);
    assert.deepEqual(await names(`name=${quote}conv-te\\xt${quote}`), ['conv-te\\xt']);
    assert.deepEqual(await names(`name=${quote}conv-te\\\\xt${quote}`), []);
    assert.deepEqual(await names(`name=${quote}conv\\${quote}text${quote}`), []);
    assert.deepEqual(await names(`name=${quote}open\\${quote}`), { q: ['Syntax error in expression.'] });
  }
  assert.deepEqual(await names("pulp_label_select='quoted=it''s'"), ['conv-text']);
  const within = (n: number) => `${'('.repeat(n)}name=conv-text${')'.repeat(n)}`;
  assert.deepEqual(await names(within(50)), ['conv-text']);
  for (const q of [within(3000), '('.repeat(3000), `${'NOT '.repeat(2000)}name=x`, `${'NOT ('.repeat(1500)}name=x`])
    assert.deepEqual(await names(q), { q: ['Filter expression exceeds allowed complexity.'] });
});

test('a cancel may be repeated; what ended otherwise is not canceled any more', async () => {
  for (const [state, status] of [
    ['canceling', 200],
    ['canceled', 200],
    ['completed', 409],
    ['failed', 409],
    ['skipped', 409],
  ] as const) {
    const id = uuid7();
    await db.run(sql`insert into task (pulp_id, domain_id, name, state, pulp_created, pulp_last_updated)
      select ${id}, id, 'any', ${state}, now(), now() from domain limit 1`);
    const reply = await call('PATCH', `tasks/${id}/`, { state: 'canceled' });
    assert.deepEqual([reply.status, reply.body.state], [status, state]);
  }
});

test('labels are selected, set and unset', async () => {
  const repository = await make('conv-label', { pulp_labels: { env: 'prod', empty: null, text: 'Some, thing' } });
  const found = async (selector: string) => {
    const { status, body } = await call(
      'GET',
      `${REPOSITORIES}?name=conv-label&pulp_label_select=${encodeURIComponent(selector)}`,
    );
    return status === 200 ? body.count : body;
  };
  assert.equal(await found('env'), 1);
  assert.equal(await found('!env'), 0);
  assert.equal(await found('env=prod,!other'), 1);
  assert.equal(await found('env!=prod'), 0);
  assert.equal(await found('env~PRO'), 1);
  assert.equal(await found('text=Some\\, thing'), 1);
  assert.equal(await found('empty='), 0);
  assert.deepEqual(await found('env,'), ["Invalid search term: ''."]);
  assert.deepEqual(await found('!env=x'), ["Cannot use an operator with '!env'."]);
  assert.deepEqual(await found('*'), ["Invalid search term: '*'."]);
  assert.deepEqual(await found('env,!*'), ["Invalid search term: '!*'."]);
  assert.equal(await found(' env'), 0);
  assert.equal(await found('env =prod'), 0);
  await make('conv-label-ü', { pulp_labels: { 'größe ü': '1', 名前: 'x', ' lead': 'y' } });
  const named = async (selector: string) =>
    (await call('GET', `${REPOSITORIES}?pulp_label_select=${encodeURIComponent(selector)}`)).body.results.length;
  assert.deepEqual(await Promise.all(['größe ü=1', '名前', ' lead', 'lead'].map(named)), [1, 1, 1, 0]);
  const set = await call('POST', `${repository.pulp_href}set_label/`, { key: 'team', value: 'a' });
  assert.deepEqual([set.status, set.body], [201, { key: 'team', value: 'a' }]);
  const unset = await call('POST', `${repository.pulp_href}unset_label/`, { key: 'team' });
  assert.deepEqual([unset.status, unset.body], [201, { key: 'team', value: 'a' }]);
  const again = await call('POST', `${repository.pulp_href}unset_label/`, { key: 'team' });
  assert.deepEqual([again.status, again.body], [400, { key: ["Label 'team' is not set on the object."] }]);
  const bad = await call('PATCH', repository.pulp_href, { pulp_labels: { 'e(nv': 'x' } });
  assert.equal(bad.status, 400);
  assert.match(bad.body.pulp_labels[0], /^Key 'e\(nv' contains invalid characters\./);
});

test('an update that changes nothing makes no task; one that does has ended when it is answered', async () => {
  const repository = await make('conv-update');
  const same = await call('PATCH', repository.pulp_href, { name: 'conv-update' });
  assert.deepEqual([same.status, same.body.name], [200, 'conv-update']);
  const changed = await call('PATCH', repository.pulp_href, { description: 'new' });
  assert.equal(changed.status, 202);
  const task = await call('GET', changed.body.task);
  assert.equal(task.body.state, 'completed');
  assert.equal(task.body.name, 'pulpcore.app.tasks.base.ageneral_update');
  assert.equal(task.body.result.description, 'new');
  assert.deepEqual(task.body.reserved_resources_record[0], repository.prn);
  const put = await call('PUT', repository.pulp_href, { description: 'x' });
  assert.deepEqual([put.status, put.body], [400, { name: ['This field is required.'] }]);
});

test('what is not there is told in the words of the peer', async () => {
  const unknown = await call('GET', `${REPOSITORIES}0195c0de-0000-7000-8000-000000000000/`);
  assert.deepEqual([unknown.status, unknown.body], [404, { detail: 'No FileRepository matches the given query.' }]);
  const malformed = await call('GET', `${REPOSITORIES}abc/`);
  assert.deepEqual([malformed.status, malformed.body], [404, { detail: 'Not found.' }]);
  const nowhere = await call('GET', 'nowhere/');
  assert.deepEqual([nowhere.status, nowhere.body], [404, { detail: 'Not found.' }]);
  const method = await call('DELETE', REPOSITORIES);
  assert.deepEqual([method.status, method.body], [405, { detail: 'Method "DELETE" not allowed.' }]);
});

test('who is not known is refused', async () => {
  const anonymous = await call('GET', REPOSITORIES, undefined, { as: null });
  assert.deepEqual(
    [anonymous.status, anonymous.body],
    [401, { detail: 'Authentication credentials were not provided.' }],
  );
  assert.equal(anonymous.headers.get('www-authenticate'), 'Basic realm="api"');
  const wrong = await call('GET', REPOSITORIES, undefined, {
    as: 'admin:wrong',
    headers: { 'x-requested-with': 'XMLHttpRequest' },
  });
  assert.deepEqual([wrong.status, wrong.body], [401, { detail: 'Invalid username/password.' }]);
  assert.equal(wrong.headers.get('www-authenticate'), 'xBasic realm="api"');
});

test('a session needs its token for unsafe requests', async () => {
  const login = await call('POST', 'login/');
  assert.equal(login.status, 201);
  const cookies = login.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
  const cookie = cookies.join('; ');
  const token = cookies.find((one) => one?.startsWith('csrftoken='))?.slice('csrftoken='.length) ?? '';
  const who = await call('GET', 'login/', undefined, { as: null, headers: { cookie } });
  assert.deepEqual([who.status, who.body.username], [200, 'admin']);
  const without = await call('POST', REPOSITORIES, { name: 'conv-session' }, { as: null, headers: { cookie } });
  assert.deepEqual([without.status, without.body], [403, { detail: 'CSRF Failed: CSRF token missing.' }]);
  const made = await call(
    'POST',
    REPOSITORIES,
    { name: 'conv-session' },
    { as: null, headers: { cookie, 'x-csrftoken': token } },
  );
  assert.equal(made.status, 201);
  const out = await call('DELETE', 'login/', undefined, { as: null, headers: { cookie, 'x-csrftoken': token } });
  assert.equal(out.status, 204);
  const after = await call('GET', 'login/', undefined, { as: null, headers: { cookie } });
  assert.equal(after.status, 401);
});

test('a write without the slash at the end is as good as one with it', async () => {
  const { status } = await call('POST', 'repositories/file/file', { name: 'conv-slash' });
  assert.equal(status, 201);
});

test('overlapping base paths are refused, whatever their order', async () => {
  const make = (name: string, base_path: string) => call('POST', 'distributions/file/file/', { name, base_path });
  assert.equal((await make('conv-d1', 'conv/a/b')).status, 202);
  for (const path of ['conv', 'conv/a', 'conv/a/b/c']) {
    const { status, body } = await make(`conv-${path}`, path);
    assert.deepEqual(
      [status, body],
      [400, { base_path: { base_path: 'Overlaps with an existing distribution.' } }],
      path,
    );
  }
  assert.deepEqual((await make('conv-d2', 'conv/a/b')).body, { base_path: ['This field must be unique.'] });
  for (const path of ['conv/a/bc', 'conv/ab', 'conv-2', 'conv/a/b-c'])
    assert.equal((await make(`conv-${path}`, path)).status, 202, path);
});
