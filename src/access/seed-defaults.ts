/** Writes the software's roles and policies into the database when they have changed since the last start. */
import { createHash } from 'node:crypto';
import type { Database, Transaction } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { uuid7 } from '../lib/text/uuid7.ts';
import type { AccessCatalogue } from './catalogue.ts';

interface RoleRow {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly permissions: readonly string[];
}
interface PolicyRow {
  readonly id: string;
  readonly view: string;
  readonly statements: unknown;
  readonly hooks: unknown;
  readonly scoping: unknown;
}

/** One statement when nothing has changed. Roles of the administrators and policies they changed are left alone. */
export async function seedAccess(db: Database, catalogue: AccessCatalogue): Promise<boolean> {
  const roles = rolesOf(catalogue);
  const policies = policiesOf(catalogue);
  const digest = digestOf(roles, policies);
  const state = await db.row<{ defaults: string }>(sql`select defaults from access_state`);
  if (state?.defaults === digest) return false;
  await db.transaction(async (tx) => {
    await tx.run(sql`select 1 from access_state for update`);
    await writeRoles(tx, roles);
    await writePolicies(tx, policies);
    await tx.run(sql`update access_state set defaults = ${digest}`);
  });
  return true;
}

function rolesOf(catalogue: AccessCatalogue): RoleRow[] {
  return [...catalogue.roles].map(([name, role]) => ({
    id: uuid7(),
    name,
    description: role.description ?? null,
    permissions: catalogue.sorted(role.permissions),
  }));
}

function policiesOf(catalogue: AccessCatalogue): PolicyRow[] {
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

/**
 * A role made by hand under a name the software now uses becomes the software's. What the software no longer has stays:
 * a package type that is gone for a day must not take everybody's assignments with it.
 */
async function writeRoles(tx: Transaction, roles: readonly RoleRow[]): Promise<void> {
  await tx.run(sql`
    insert into role (pulp_id, name, description, permissions, locked)
    select (r ->> 'id')::uuid, r ->> 'name', r ->> 'description', array(select jsonb_array_elements_text(r -> 'permissions')), true
    from jsonb_array_elements(${JSON.stringify(roles)}::jsonb) as r
    on conflict (name) do update set description = excluded.description,
      permissions = excluded.permissions, locked = true, pulp_last_updated = now()
      where (role.description, role.permissions, role.locked) is distinct from (excluded.description, excluded.permissions, true)`);
}

async function writePolicies(tx: Transaction, policies: readonly PolicyRow[]): Promise<void> {
  await tx.run(sql`
    insert into access_policy (pulp_id, viewset_name, statements, creation_hooks, queryset_scoping)
    select (p ->> 'id')::uuid, p ->> 'view', p -> 'statements', nullif(p -> 'hooks', 'null'), nullif(p -> 'scoping', 'null')
    from jsonb_array_elements(${JSON.stringify(policies)}::jsonb) as p
    on conflict (viewset_name) do update
      set statements = excluded.statements, creation_hooks = excluded.creation_hooks, queryset_scoping = excluded.queryset_scoping
      where not access_policy.customized`);
}
