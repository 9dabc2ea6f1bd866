/** Every permission that a policy asks for exists: a misspelt one would be learnt from the statement, and nobody would ever hold it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { corePolicies } from '../../src/access/core-policies.ts';
import type { Statement } from '../../src/plugin-api/declare/access.ts';
import { program } from '../support/program.ts';

/** What permissions on objects begin with. */
const VERBS = 'add change delete view manage_roles download modify refresh repair replicate sync'.split(' ');

const models = program.resources.map(({ model }) => `${model.app}.${model.name.toLowerCase()}`);
const declared = [
  ...program.resources.flatMap(({ model, access }) =>
    (access?.permissions ?? []).map((word) => `${model.app}.${word}`),
  ),
  ...Object.values(corePolicies).flatMap(({ permissions = [] }) => permissions.map((word) => `core.${word}`)),
];
const known = new Set([
  ...declared,
  ...models.flatMap((label) => VERBS.map((verb) => label.replace('.', `.${verb}_`))),
]);

/** `has_model_or_obj_perms:file.view_filerepository,file.…` */
const permissionsIn = ({ condition }: Statement): string[] =>
  [condition ?? []]
    .flat()
    .filter((text) => text.includes(':'))
    .flatMap((text) => text.slice(text.indexOf(':') + 1).split(','));

test('every permission that a statement names is known', () => {
  const asked = [...program.access().policies].flatMap(([view, { statements }]) =>
    statements.flatMap(permissionsIn).map((permission) => ({ view, permission })),
  );
  assert.ok(asked.length > 100);
  assert.deepEqual(
    asked.filter(({ permission }) => !known.has(permission)),
    [],
  );
});
