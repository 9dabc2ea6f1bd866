/** Documents of a small API: where operations are, what they are called, and which are in it. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { sql } from '../../../db/sql.ts';
import { string } from '../../../plugin-api/declare/field.ts';
import { choiceFilter, dateFilter, textFilter } from '../../../plugin-api/declare/filter.ts';
import type { Action, Resource } from '../../../plugin-api/declare/resource.ts';
import { buildDocument, type DocumentOptions } from './build-document.ts';
import type { ExtraOperation } from './extra-operation.ts';

const table = { name: 'thing', from: sql.raw('thing t'), key: 'pulp_id', newest: sql.raw('t.id'), inDomain: true };
const act: Action = {
  name: 'turn',
  method: 'post',
  detail: true,
  summary: 'Turn it',
  input: { component: 'Turn', fields: { how: string() } },
  output: { 202: { component: 'AsyncOperation' } },
  run: async () => ({ status: 202 }),
};
const thing: Resource = {
  model: { app: 'file', name: 'Thing', path: 'repositories/file/thing', table: 'repository' },
  tag: 'Repositories: Thing',
  operation: 'repositories_file_thing',
  hrefName: 'file_thing_href',
  component: 'file.Thing',
  noun: 'thing',
  description: 'Things.',
  table,
  fields: { name: string() },
  filters: {
    name: textFilter(sql.raw('t.name'), { lookups: ['', 'in'] }),
    at: dateFilter(sql.raw('t.at')),
    kind: choiceFilter(sql.raw('t.kind'), ['b', 'a']),
  },
  ordering: ['name'],
  operations: { list: true, read: true, create: 'now', update: 'immediate', delete: 'task' },
  actions: [act],
};
const part: Resource = {
  ...thing,
  model: { ...thing.model, app: 'core', path: 'repositories/file/thing/*/parts' },
  tag: 'Repositories: Thing Parts',
  operation: 'repositories_file_thing_parts',
  hrefName: 'file_thing_part_href',
  parentHref: 'file_thing_href',
  component: 'Part',
  table: { ...table, key: 'number' },
  operations: { list: true, read: true, delete: 'now' },
  actions: [],
};
const extra: ExtraOperation = {
  method: 'post',
  path: 'orphans/cleanup/',
  operationId: 'orphans_cleanup_cleanup',
  tag: 'Orphans: Cleanup',
  output: { 202: { component: 'AsyncOperation' } },
};
const live: ExtraOperation = {
  method: 'get',
  path: '/files/{pulp_domain}/{path}/',
  operationId: 'files_read',
  tag: 'Files',
  component: 'file',
  output: { 200: null },
  open: true,
};

interface Operation {
  operationId: string;
  parameters: { name: string; in: string; schema: Record<string, unknown>; style?: string }[];
  responses: Record<string, unknown>;
  security?: object;
}

function operations(options: Partial<DocumentOptions> = {}): Map<string, Operation> {
  const { paths } = buildDocument([thing, part], [extra, live], {
    versions: { core: '1', file: '2', rpm: '3' },
    ...options,
  });
  return new Map(
    Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, one]) => [`${method} ${path}`, one as Operation]),
    ),
  );
}

suite('OpenAPI document', () => {
  test('places operations by href names', () => {
    const found = [...operations()].map(([key, { operationId }]) => `${key} ${operationId}`);
    assert.deepEqual(found, [
      'get /files/{path}/ files_read',
      'post /pulp/api/v3/orphans/cleanup/ orphans_cleanup_cleanup',
      'get /pulp/api/v3/repositories/file/thing/ repositories_file_thing_list',
      'post /pulp/api/v3/repositories/file/thing/ repositories_file_thing_create',
      'get {file_thing_href} repositories_file_thing_read',
      'put {file_thing_href} repositories_file_thing_update',
      'patch {file_thing_href} repositories_file_thing_partial_update',
      'delete {file_thing_href} repositories_file_thing_delete',
      'get {file_thing_href}parts/ repositories_file_thing_parts_list',
      'post {file_thing_href}turn/ repositories_file_thing_turn',
      'get {file_thing_part_href} repositories_file_thing_parts_read',
      'delete {file_thing_part_href} repositories_file_thing_parts_delete',
    ]);
  });

  test('places them by ids when asked', () => {
    const found = operations({ pkPath: true });
    const read = found.get('get /pulp/api/v3/repositories/file/thing/{repository_pk}/parts/{number}/')!;
    const path = read.parameters
      .filter((parameter) => parameter.in === 'path')
      .map(({ name, schema }) => [name, schema.format]);
    assert.deepEqual(path, [
      ['repository_pk', 'uuid'],
      ['number', 'int64'],
    ]);
    assert.ok(found.has('post /pulp/api/v3/repositories/file/thing/{pulp_id}/turn/'));
  });

  test('puts the domain into paths where domains are on', () => {
    const found = operations({ domainEnabled: true });
    const list = found.get('get /pulp/{pulp_domain}/api/v3/repositories/file/thing/')!;
    assert.ok(list.parameters.some((parameter) => parameter.name === 'pulp_domain'));
    assert.ok(found.has('get /files/{pulp_domain}/{path}/'));
    assert.ok(found.has('get {file_thing_href}'));
  });

  test('names operations without their path for generators of clients', () => {
    const ids = [...operations({ bindings: true }).values()].map(({ operationId }) => operationId);
    assert.deepEqual(ids, [
      'read',
      'cleanup',
      'list',
      'create',
      'read',
      'update',
      'partial_update',
      'delete',
      'list',
      'turn',
      'read',
      'delete',
    ]);
  });

  test('can be of one package type', () => {
    assert.ok(operations({ only: ['file'] }).has('get {file_thing_part_href}'));
    assert.ok(!operations({ only: ['file'] }).has('post /pulp/api/v3/orphans/cleanup/'));
    assert.deepEqual([...operations({ only: ['core'] }).keys()], ['post /pulp/api/v3/orphans/cleanup/']);
    const { info } = buildDocument([thing], [], { versions: { core: '1', file: '2', rpm: '3' }, only: ['file'] });
    assert.deepEqual(info['x-pulp-app-versions'], { core: '1', file: '2' });
  });

  test('tells filters with their suffixes', () => {
    const { parameters } = operations().get('get /pulp/api/v3/repositories/file/thing/')!;
    const of = (name: string) => parameters.find((parameter) => parameter.name === name);
    assert.deepEqual(of('name__in')!.schema, { type: 'array', items: { type: 'string' } });
    assert.equal(of('name__in')!.style, 'form');
    assert.deepEqual(of('at__isnull')!.schema, { type: 'boolean' });
    assert.deepEqual(of('at__range')!.schema, { type: 'array', items: { type: 'string', format: 'date-time' } });
    assert.deepEqual(of('kind')!.schema, { type: 'string', enum: ['a', 'b'] });
    assert.deepEqual(of('kind__in')!.schema, { type: 'array', items: { type: 'string' } });
    assert.deepEqual(of('ordering')!.schema.items, { type: 'string', enum: ['-name', 'name'] });
  });

  test('tells answers by the way of writing', () => {
    const found = operations();
    assert.deepEqual(Object.keys(found.get('post /pulp/api/v3/repositories/file/thing/')!.responses), ['201']);
    assert.deepEqual(Object.keys(found.get('put {file_thing_href}')!.responses), ['200', '202']);
    assert.deepEqual(Object.keys(found.get('delete {file_thing_href}')!.responses), ['202']);
    assert.deepEqual(Object.keys(found.get('delete {file_thing_part_href}')!.responses), ['204']);
    assert.equal(found.get('get /files/{path}/')!.security, undefined);
  });

  test('refuses two operations in one place', () => {
    assert.throws(() => buildDocument([], [extra, extra], { versions: {} }), /declared twice/);
  });
});
