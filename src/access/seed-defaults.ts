/** Writes the software's roles and policies into the database when they have changed since the last start. */
import { createHash } from 'node:crypto';
import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { uuid7 } from '../lib/text/uuid7.ts';
import { type DefaultPolicy, type DefaultRole, writeDefaults } from '../model/access/role.ts';
import type { AccessCatalogue } from './catalogue.ts';

/** One statement when nothing has changed. Roles of the administrators and policies they changed are left alone. */
export async function seedAccess(db: Database, catalogue: AccessCatalogue): Promise<boolean> {
  const roles = rolesOf(catalogue);
  const policies = policiesOf(catalogue);
  const digest = digestOf(roles, policies);
  const state = await db.row<{ defaults: string }>(sql`select defaults from access_state`);
  if (state?.defaults === digest) return false;
  await db.transaction(async (tx) => {
    await writeDefaults(tx, roles, policies, digest);
  });
  return true;
}

function rolesOf(catalogue: AccessCatalogue): DefaultRole[] {
  return [...catalogue.roles].map(([name, role]) => ({
    id: uuid7(),
    name,
    description: role.description ?? null,
    permissions: catalogue.sorted(role.permissions),
  }));
}

function policiesOf(catalogue: AccessCatalogue): DefaultPolicy[] {
  return [...catalogue.policies]
    .filter(([, policy]) => !policy.hidden)
    .map(([view, policy]) => ({
      id: uuid7(),
      view,
      statements: policy.statements,
      hooks: policy.creation_hooks,
      scoping: policy.queryset_scoping,
    }));
}

function digestOf(...lists: readonly (readonly { id: string }[])[]): string {
  const text = JSON.stringify(lists.map((list) => list.map(({ id: _, ...facts }) => facts)));
  return createHash('sha256').update(text).digest('hex');
}
