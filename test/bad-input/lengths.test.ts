/** Names that no index has room for are refused with their field, wherever names are given and changed. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { describeError } from '../../src/tasking/context/describe-error.ts';
import { useApi } from '../support/api.ts';

const { call, db } = await useApi();
const noise = (bytes: number) => randomBytes(bytes).toString('base64url').slice(0, bytes);
const url = 'http://example.com/';

const places: [path: string, body: object][] = [
  ['repositories/file/file/', {}],
  ['repositories/python/python/', {}],
  ['remotes/file/file/', { url }],
  ['distributions/file/file/', { base_path: 'unlike-name' }],
  ['contentguards/core/header/', { header_name: 'x', header_value: 'y' }],
  ['contentguards/core/composite/', {}],
  ['importers/core/pulp/', {}],
  ['exporters/core/pulp/', { path: '/tmp/x', repositories: [] }],
  ['upstream-pulps/', { base_url: url, api_root: '/pulp/' }],
  ['roles/', { permissions: [] }],
  ['webhooks/', { url, events: ['task.failed'] }],
];

test('names of new objects', async () => {
  for (const [path, body] of places)
    for (const name of [
      noise(2049),
      noise(2700),
      noise(10_000),
      'x'.repeat(10_000),
      'ü'.repeat(1025),
      '名'.repeat(900),
    ]) {
      const reply = await call('POST', path, { ...body, name });
      assert.equal(reply.status, 400, `${path} ${name.length} ${JSON.stringify(reply.body).slice(0, 300)}`);
      assert.match(reply.body.name[0], /^Ensure this field has no more than \d+ (bytes|characters)\.$/, path);
    }
  const name = 'x'.repeat(10_000_000);
  assert.equal((await call('POST', 'repositories/file/file/', { name })).status, 400);
});

test('the longest name, and base paths', async () => {
  const name = noise(2048);
  const repository = await call('POST', 'repositories/file/file/', { name });
  assert.equal(repository.status, 201);
  assert.equal((await call('PATCH', repository.body.pulp_href, { name: noise(3000) })).status, 400);
  const made = await call('POST', 'distributions/file/file/', { name: noise(2048), base_path: noise(2048) });
  assert.equal(made.status, 202, JSON.stringify(made.body));
  const task = await call('GET', made.body.task);
  assert.equal(task.body.state, 'completed', JSON.stringify(task.body.error));
  const [href] = task.body.created_resources;
  const message = ['Ensure this field has no more than 2048 bytes.'];
  for (const base of [noise(2049), noise(4096)]) {
    const refused = await call('POST', 'distributions/file/file/', { name: 'long', base_path: base });
    assert.deepEqual([refused.status, refused.body], [400, { base_path: message }]);
  }
  const both = await call('PATCH', href, { name: noise(2700), base_path: noise(2700) });
  assert.deepEqual([both.status, both.body], [400, { name: message, base_path: message }]);
});

test('what the database says reaches nobody', async () => {
  const refusals: [ReturnType<typeof sql>, RegExp][] = [
    [
      sql`insert into repository (pulp_id, domain_id, pulp_type, name) values (gen_random_uuid(), 1, 'x', ${noise(5000)})`,
      /^A value is too long\.$/,
    ],
    [
      sql`insert into content_artifact (content_id, artifact_id, relative_path) values (1, 987654321, 'x')`,
      /^Something that was needed has been deleted meanwhile/,
    ],
    [sql`select 'x'::text::integer`, /^A value is malformed or out of range\.$/],
    [sql`select * from nowhere`, /^The database has refused a statement \(SQLSTATE 42P01\); the log/],
  ];
  for (const [statement, words] of refusals)
    await assert.rejects(
      db.transaction((tx) => tx.run(statement)),
      (error: unknown) => {
        const told = describeError(error, false);
        assert.match('description' in told ? String(told.description) : '', words);
        return true;
      },
    );
});
