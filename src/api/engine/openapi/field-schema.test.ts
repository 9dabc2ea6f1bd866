/** Fields as schemas for requests and answers. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  boolean,
  choice,
  type Field,
  file,
  integer,
  json,
  labels,
  list,
  map,
  nested,
  number,
  reference,
  secret,
  string,
} from '../../../plugin-api/declare/field.ts';
import { Components } from './components.ts';
import { fieldSchema } from './field-schema.ts';

const cases: readonly [string, Field, object, object][] = [
  ['text', string(), { type: 'string', minLength: 1 }, { type: 'string' }],
  ['text that may be empty', string({ blank: true }), { type: 'string' }, { type: 'string' }],
  [
    'read-only text',
    string({ readOnly: true }),
    { type: 'string', readOnly: true },
    { type: 'string', readOnly: true },
  ],
  [
    'secret',
    secret(),
    { type: 'string', minLength: 1, nullable: true, writeOnly: true },
    { type: 'string', nullable: true, writeOnly: true },
  ],
  [
    'integer',
    integer({ minimum: 1 }),
    { type: 'integer', format: 'int64', minimum: 1 },
    { type: 'integer', format: 'int64', minimum: 1 },
  ],
  [
    'number',
    number({ nullable: true }),
    { type: 'number', format: 'double', nullable: true },
    { type: 'number', format: 'double', nullable: true },
  ],
  ['default', boolean({ default: true }), { type: 'boolean', default: true }, { type: 'boolean', default: true }],
  ['untold default', boolean({ default: true, hiddenDefault: true }), { type: 'boolean' }, { type: 'boolean' }],
  ['reference', reference('remote'), { type: 'string', format: 'uri' }, { type: 'string', format: 'uri' }],
  ['any value', json(), {}, {}],
  ['file', file(), { type: 'string', format: 'binary', writeOnly: true }, { type: 'string', writeOnly: true }],
  [
    'labels',
    labels(),
    { type: 'object', additionalProperties: { type: 'string', nullable: true } },
    { type: 'object', additionalProperties: { type: 'string', nullable: true } },
  ],
  [
    'list',
    list(string()),
    { type: 'array', items: { type: 'string', minLength: 1 } },
    { type: 'array', items: { type: 'string' } },
  ],
  [
    'map',
    map(integer({ int64: false })),
    { type: 'object', additionalProperties: { type: 'integer' } },
    { type: 'object', additionalProperties: { type: 'integer' } },
  ],
  ['nested', nested('Part', {}), { $ref: '#/components/schemas/Part' }, { $ref: '#/components/schemas/PartResponse' }],
  [
    'nested with more',
    nested('Part', {}, { readOnly: true }),
    { allOf: [{ $ref: '#/components/schemas/Part' }], readOnly: true },
    { allOf: [{ $ref: '#/components/schemas/PartResponse' }], readOnly: true },
  ],
  [
    'a fact taken away',
    string({ maxLength: 5, schema: { maxLength: undefined } }),
    { type: 'string', minLength: 1 },
    { type: 'string' },
  ],
];

suite('schema of a field', () => {
  for (const [name, field, request, response] of cases) {
    test(name, () => {
      assert.deepEqual(fieldSchema(field, 'request', new Components(), 'it'), request);
      assert.deepEqual(fieldSchema(field, 'response', new Components(), 'it'), response);
    });
  }
});

suite('components', () => {
  test('requests lack read-only fields and patches require nothing', () => {
    const components = new Components();
    const fields = { id: string({ readOnly: true }), name: string(), key: secret() };
    components.reference('Thing', fields, 'request');
    components.patched('Thing', fields);
    components.paginated('Thing', fields);
    const schemas = components.finish() as Record<string, { properties: object; required?: string[] }>;
    assert.deepEqual(Object.keys(schemas), ['PaginatedThingResponseList', 'PatchedThing', 'Thing', 'ThingResponse']);
    assert.deepEqual(Object.keys(schemas.Thing!.properties), ['name', 'key']);
    assert.deepEqual(schemas.Thing!.required, ['name']);
    assert.deepEqual(Object.keys(schemas.ThingResponse!.properties), ['id', 'name']);
    assert.equal(schemas.PatchedThing!.required, undefined);
  });

  test('two components of one name are told', () => {
    const components = new Components();
    components.reference('Thing', { name: string() }, 'request');
    components.reference('Thing', { name: string({ help: 'texts may differ' }) }, 'request');
    assert.deepEqual(components.conflicts, []);
    components.reference('Thing', { name: integer() }, 'request');
    assert.deepEqual(components.conflicts, ['Thing']);
  });

  test('enumerations are named by their field until two fields of that name differ', () => {
    const one = new Components();
    one.reference('A', { policy: choice('Policy692Enum', ['immediate']) }, 'request');
    assert.deepEqual(Object.keys(one.finish()), ['A', 'PolicyEnum']);
    const two = new Components();
    two.reference('A', { policy: choice('Policy692Enum', ['immediate'], { default: 'immediate' }) }, 'request');
    two.reference('B', { policy: choice('Policy7e0Enum', ['on_demand']) }, 'request');
    const schemas = two.finish() as Record<string, { properties: { policy: object } }>;
    assert.deepEqual(Object.keys(schemas), ['A', 'B', 'Policy692Enum', 'Policy7e0Enum']);
    assert.deepEqual(schemas.A!.properties.policy, {
      allOf: [{ $ref: '#/components/schemas/Policy692Enum' }],
      default: 'immediate',
    });
  });
});
