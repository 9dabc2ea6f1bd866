/** Who has started a task owns it: kept in the task's own row instead of an assignment for each task. */
import type { Queryable } from '../db/database.ts';
import { type Sql, sql } from '../db/sql.ts';
import { setTaskOwner } from '../model/tasks/task.ts';
import type { User } from '../plugin-api/contracts/context.ts';
import type { ObjectKey } from './grants.ts';
import type { ObjectRole } from './role-assignments.ts';

export const TASK_OWNER = 'core.task_owner';
const TASK_DISPATCHER = 'core.task_user_dispatcher';

/**
 * The assignments of users with what follows from the tasks they have started, for lists. Their ids follow from that of
 * the task: the owner's is the task's own, the dispatcher's has another version of UUID in it.
 */
export const assignmentsOfUsers: Sql =
  sql.raw(`(select pulp_id, user_id, group_id, role_id, domain_id, model, object_id, pulp_created, pulp_last_updated,
      false as implied from role_assignment where user_id is not null
    union all select k.pulp_id, k.created_by, null, r.id, null, 'core.task', k.pulp_id, k.pulp_created, k.pulp_created, true
      from task k, role r where r.name = '${TASK_OWNER}' and k.created_by is not null and k.creator_is_owner
    union all select overlay(k.pulp_id::text placing '8' from 15)::uuid, k.created_by, null, r.id, null, 'core.task', k.pulp_id,
      k.pulp_created, k.pulp_created, true
      from task k, role r where r.name = '${TASK_DISPATCHER}' and k.created_by is not null)`);

const isTask = ({ label }: ObjectKey) => label === 'core.task';

/** Permissions that a user holds on a task as the one who started it. */
export async function permissionsOfOwner(
  db: Queryable,
  object: ObjectKey,
  user: User | null,
): Promise<readonly string[]> {
  if (!user || !isTask(object)) return [];
  const rows = await db.rows<{ permissions: string[] }>(sql`select r.permissions from task t, role r
    where t.pulp_id = ${object.id} and t.created_by = ${user.id}
      and (r.name = ${TASK_DISPATCHER} or (t.creator_is_owner and r.name = ${TASK_OWNER}))`);
  const held = rows.flatMap((row) => row.permissions);
  return user.limit ? held.filter((one) => user.limit!.permissions.includes(one)) : held;
}

/** The roles on an object with those of a task's creator among them. */
export async function withCreator(
  db: Queryable,
  object: ObjectKey,
  roles: readonly ObjectRole[],
): Promise<ObjectRole[]> {
  if (!isTask(object)) return [...roles];
  const row = await db.row<{ username: string; creator_is_owner: boolean }>(
    sql`select u.username, t.creator_is_owner from task t join app_user u on u.id = t.created_by where t.pulp_id = ${object.id}`,
  );
  if (!row) return [...roles];
  const implied = [...(row.creator_is_owner ? [TASK_OWNER] : []), TASK_DISPATCHER];
  const missing = implied
    .filter((name) => !roles.some(({ role }) => role === name))
    .map((role) => ({ role, users: [], groups: [] }));
  return [...roles, ...missing]
    .map((one) =>
      implied.includes(one.role) ? { ...one, users: [...new Set([...one.users, row.username])].sort() } : one,
    )
    .sort((a, b) => (a.role < b.role ? -1 : 1));
}

/** Makes the creator owner again or no longer; false when that was so already, or the user is not the creator. */
export async function setCreatorOwns(
  db: Queryable,
  object: ObjectKey,
  userId: number,
  owns: boolean,
): Promise<boolean> {
  if (!isTask(object)) return false;
  return await setTaskOwner(db, object.id, userId, owns);
}

/** Whether a role follows from having started a task, and the user has started it. */
export async function followsFromStart(
  db: Queryable,
  object: ObjectKey | undefined,
  userId: number,
  role: string,
): Promise<boolean> {
  if (!object || !isTask(object) || (role !== TASK_OWNER && role !== TASK_DISPATCHER)) return false;
  return (await db.row(sql`select 1 from task where pulp_id = ${object.id} and created_by = ${userId}`)) !== undefined;
}

/** Whether the user owns a task by having started it. */
export async function ownsAsCreator(db: Queryable, object: ObjectKey, userId: number): Promise<boolean> {
  if (!isTask(object)) return false;
  const row = await db.row(
    sql`select 1 from task where pulp_id = ${object.id} and created_by = ${userId} and creator_is_owner`,
  );
  return row !== undefined;
}
