/** Default policies and locked roles are those of the peer, for the views there are here. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { AccessCatalogue, viewOf } from '../../src/access/catalogue.ts';
import { allResources } from '../../src/app/resources.ts';

interface Golden {
  /** By view: actions, principal and condition of each statement, hooks, scoping. */
  readonly policies: Record<
    string,
    { statements: [string, string, string | string[] | null][]; hooks: unknown; scoping: unknown }
  >;
  /** By name: description and permissions. */
  readonly roles: Record<string, [string | null, string]>;
}

const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'defaults.json'), 'utf8'));
const resources = allResources();
const catalogue = new AccessCatalogue(resources);
const apps = new Set(['core', 'file', 'certguard']);

for (const [view, policy] of catalogue.policies) {
  const expected = golden.policies[view];
  const resource = resources.find((one) => viewOf(one.model) === view);
  if (policy.hidden || (resource && !apps.has(resource.model.app)) || (!expected && !golden.policies[view])) {
    const app = view.split('/')[1];
    if (policy.hidden || (app && !apps.has(app))) continue;
  }
  test(`the policy of ${view}`, () => {
    assert.ok(expected, 'the peer has no such policy');
    const statements = policy.statements.map((one) => [
      [one.action].flat().join(' '),
      one.principal,
      one.condition ?? null,
    ]);
    assert.deepEqual(statements, expected.statements);
    assert.deepEqual(policy.creation_hooks, expected.hooks);
    assert.deepEqual(policy.queryset_scoping, expected.scoping);
  });
}

test('views of the peer that are here have a policy', () => {
  const views = new Set([...resources.map((one) => viewOf(one.model)), 'login']);
  const missing = Object.keys(golden.policies).filter((view) => views.has(view) && !catalogue.policies.has(view));
  assert.deepEqual(missing, []);
});

for (const [name, role] of catalogue.roles) {
  if (!apps.has(name.split('.')[0]!)) continue;
  test(`the role ${name}`, () => {
    const expected = golden.roles[name];
    assert.ok(expected, 'the peer has no such role');
    assert.deepEqual([role.description ?? null, catalogue.sorted(role.permissions).join(' ')], expected);
  });
}
