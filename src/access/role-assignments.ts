/** Giving and taking roles: everywhere, in a domain or on an object. */
import type { Queryable } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { ObjectKey } from './grants.ts';

export interface RoleRow {
  readonly id: number;
  readonly name: string;
  readonly permissions: readonly string[];
}

export async function findRole(db: Queryable, name: string): Promise<RoleRow | undefined> {
  return await db.row<RoleRow>(sql`select id, name, permissions from role where name = ${name}`);
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
