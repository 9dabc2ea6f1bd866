/** Roles, who holds them, and policies: what decides about access, as rows. */
import type { Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';

/** Who holds a role: a user or a group. */
export interface Holder {
  readonly kind: 'user' | 'group';
  readonly id: number;
}

interface ObjectKey {
  /** Model, such as `core.task`. */
  readonly label: string;
  readonly id: string;
}

/** Where a role is held; neither: everywhere. */
export interface Place {
  readonly domainId?: number | null;
  readonly object?: ObjectKey;
}

/** Id of the new assignment, undefined when there was one already. */
export async function giveRole(
  db: Queryable,
  holder: Holder,
  roleId: number,
  place: Place,
): Promise<string | undefined> {
  const id = uuid7();
  const given =
    await db.run(sql`insert into role_assignment (pulp_id, user_id, group_id, role_id, domain_id, model, object_id)
    values (${id}, ${holder.kind === 'user' ? holder.id : null}, ${holder.kind === 'group' ? holder.id : null}, ${roleId},
      ${place.domainId ?? null}, ${place.object?.label ?? null}, ${place.object?.id ?? null}) on conflict do nothing`);
  return given > 0 ? id : undefined;
}

/** False when it was not held on the object. */
export async function takeRole(db: Queryable, holder: Holder, roleId: number, object: ObjectKey): Promise<boolean> {
  const taken = await db.run(sql`delete from role_assignment
    where holder = ${holder.kind === 'user' ? holder.id : -holder.id} and role_id = ${roleId}
      and model = ${object.label} and object_id = ${object.id}`);
  return taken > 0;
}

export async function deleteAssignment(db: Queryable, pulpId: string): Promise<void> {
  await db.run(sql`delete from role_assignment where pulp_id = ${pulpId}`);
}

export async function setPermissions(tx: Transaction, roleId: string, permissions: unknown): Promise<void> {
  await tx.run(sql`update role set permissions = ${permissions}::text[] where pulp_id = ${roleId}`);
}

export interface DefaultRole {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly permissions: readonly string[];
}

export interface DefaultPolicy {
  readonly id: string;
  readonly view: string;
  readonly statements: unknown;
  readonly hooks: unknown;
  readonly scoping: unknown;
}

/**
 * Brings roles and policies to what the software declares, whose digest is remembered. A role made by hand under a name the software
 * now uses becomes the software's. What the software no longer has stays: a package type that is gone for a day must not take
 * everybody's assignments with it. Policies that administrators changed are left alone.
 */
export async function writeDefaults(
  tx: Transaction,
  roles: readonly DefaultRole[],
  policies: readonly DefaultPolicy[],
  digest: string,
): Promise<void> {
  await tx.run(sql`select 1 from access_state for update`);
  await tx.run(sql`
    insert into role (pulp_id, name, description, permissions, locked)
    select (r ->> 'id')::uuid, r ->> 'name', r ->> 'description', array(select jsonb_array_elements_text(r -> 'permissions')), true
    from jsonb_array_elements(${JSON.stringify(roles)}::jsonb) as r
    on conflict (name) do update set description = excluded.description,
      permissions = excluded.permissions, locked = true, pulp_last_updated = now()
      where (role.description, role.permissions, role.locked) is distinct from (excluded.description, excluded.permissions, true)`);
  await tx.run(sql`
    insert into access_policy (pulp_id, viewset_name, statements, creation_hooks, queryset_scoping)
    select (p ->> 'id')::uuid, p ->> 'view', p -> 'statements', nullif(p -> 'hooks', 'null'), nullif(p -> 'scoping', 'null')
    from jsonb_array_elements(${JSON.stringify(policies)}::jsonb) as p
    on conflict (viewset_name) do update
      set statements = excluded.statements, creation_hooks = excluded.creation_hooks, queryset_scoping = excluded.queryset_scoping
      where not access_policy.customized`);
  await tx.run(sql`update access_state set defaults = ${digest}`);
}

/** Brings a policy back to what the software declares. */
export async function resetPolicy(
  db: Queryable,
  pulpId: string,
  policy: { readonly statements: unknown; readonly creation_hooks: unknown; readonly queryset_scoping: unknown },
): Promise<void> {
  await db.run(sql`update access_policy set statements = ${sql.json(policy.statements)},
    customized = false, pulp_last_updated = now(),
    creation_hooks = nullif(${sql.json(policy.creation_hooks)}, 'null'),
    queryset_scoping = nullif(${sql.json(policy.queryset_scoping)}, 'null')
    where pulp_id = ${pulpId}`);
}

export async function markCustomized(tx: Transaction, policyId: string): Promise<void> {
  await tx.run(sql`update access_policy set customized = true where pulp_id = ${policyId}`);
}
