/** Default policies and locked roles are those of the peer, for the views there are here. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { type AccessCatalogue, viewOf } from '../../src/access/catalogue.ts';
import { program } from '../support/program.ts';

type Names = string | readonly string[] | null;

interface Golden {
  /** By view: actions, principal, condition and condition_expression of each statement, hooks, scoping. */
  readonly policies: Record<string, { statements: Names[][]; hooks: unknown; scoping: unknown }>;
  /** By name: description and permissions. */
  readonly roles: Record<string, [string | null, string]>;
}

/** Package types whose access is claimed to be the peer's. */
const CLAIMED = new Set(['core', 'file', 'certguard', 'python']);
/** What the peer has no policy for, and why there is one here. */
const ADDITIONS: Readonly<Record<string, string>> = {
  'pypi/integrity': 'The peer answers it without looking for a policy.',
  'pypi/yank': 'The peer answers it without looking for a policy.',
};

const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'defaults.json'), 'utf8'));
const { resources } = program;
const catalogue: AccessCatalogue = program.access();

function isClaimed(view: string): boolean {
  const resource = resources.find((one) => viewOf(one.model) === view);
  if (resource && resource.model.table !== 'repository_version') return CLAIMED.has(resource.model.app);
  const [first = '', second] = view.split('/');
  return resource ? CLAIMED.has(second ?? 'core') : first === 'login' || (first === 'pypi' && CLAIMED.has('python'));
}

/** Actions that only this server has. */
const OWN_ACTIONS = new Set(['create update partial_update destroy', 'status']);

/** Where the peer forgot the labels of a content type, nobody can set them there, not even administrators; here one can. */
function withoutLabels(view: string, statements: unknown[][], expected: Names[][]): unknown[][] {
  const labels = (one: readonly unknown[]) => one[0] === 'set_label unset_label';
  const forgotten = view.startsWith('content/') && !expected.some(labels);
  return forgotten ? statements.filter((one) => !labels(one)) : statements;
}

for (const [view, policy] of catalogue.policies) {
  if (policy.hidden || !isClaimed(view) || view in ADDITIONS) continue;
  test(`the policy of ${view}`, () => {
    const expected = golden.policies[view];
    assert.ok(expected, 'the peer has no such policy');
    const statements = policy.statements.map((one) => [
      [one.action].flat().join(' '),
      one.principal,
      one.condition ?? null,
      ...(one.condition_expression === undefined ? [] : [one.condition_expression]),
    ]);
    const shared = statements.filter(([actions]) => !OWN_ACTIONS.has(String(actions)));
    assert.deepEqual(withoutLabels(view, shared, expected.statements), expected.statements);
    assert.deepEqual(policy.creation_hooks, expected.hooks);
    assert.deepEqual(policy.queryset_scoping, expected.scoping);
  });
}

test('views of the peer that are here have a policy', () => {
  const views = new Set([...resources.map((one) => viewOf(one.model)), 'login']);
  const missing = Object.keys(golden.policies).filter(
    (view) => views.has(view) && isClaimed(view) && !catalogue.policies.has(view),
  );
  assert.deepEqual(missing, []);
});

for (const [name, role] of catalogue.roles) {
  if (!CLAIMED.has(name.split('.')[0]!)) continue;
  test(`the role ${name}`, () => {
    const expected = golden.roles[name];
    assert.ok(expected, 'the peer has no such role');
    assert.deepEqual([role.description ?? null, catalogue.sorted(role.permissions).join(' ')], expected);
  });
}

test('all permissions of the peer’s roles are known, where the models are', () => {
  const models = new Set(resources.map(({ model }) => `${model.app}.${model.name.toLowerCase()}`));
  const wanted = Object.entries(golden.roles).filter(
    ([name]) => CLAIMED.has(name.split('.')[0]!) && models.has(name.replace(/_(owner|viewer|creator)$/, '')),
  );
  const unknown = wanted.flatMap(([, [, permissions]]) => permissions.split(' ')).filter((one) => !catalogue.has(one));
  assert.deepEqual(unknown, []);
});
