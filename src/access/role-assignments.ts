/** Giving and taking roles: everywhere, in a domain or on an object. */
import type { Queryable } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { uuid7 } from '../lib/text/uuid7.ts';
import type { ObjectKey } from './grants.ts';

export interface RoleRow {
  readonly id: number;
  readonly name: string;
  readonly permissions: readonly string[];
}

/** Who holds a role: a user or a group. */
export interface Holder {
  readonly kind: 'user' | 'group';
  readonly id: number;
}

/** Where a role is held; neither: everywhere. */
export interface Place {
  readonly domainId?: number | null;
  readonly object?: ObjectKey;
}

export async function findRole(db: Queryable, name: string): Promise<RoleRow | undefined> {
  return await db.row<RoleRow>(sql`select id, name, permissions from role where name = ${name}`);
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

export interface ObjectRole {
  readonly role: string;
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** All roles given on an object. */
export async function rolesOnObject(db: Queryable, object: ObjectKey): Promise<ObjectRole[]> {
  return await db.rows<ObjectRole>(sql`select r.name as role,
      coalesce(array_agg(u.username order by u.username) filter (where u.id is not null), '{}') as users,
      coalesce(array_agg(g.name order by g.name) filter (where g.id is not null), '{}') as groups
    from role_assignment a join role r on r.id = a.role_id
      left join app_user u on u.id = a.user_id left join app_group g on g.id = a.group_id
    where a.object_id = ${object.id} and a.model = ${object.label}
    group by r.name order by r.name`);
}
