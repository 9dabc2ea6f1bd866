/** Actions on the roles of an object: `my_permissions`, `list_roles`, `add_role`, `remove_role` (core.md §1.10). */
import type { AccessCatalogue } from '../access/catalogue.ts';
import { type ObjectKey, objectKey, permissionsOnObject } from '../access/grants.ts';
import { findRole, type ObjectRole, type RoleRow, rolesOnObject } from '../access/role-assignments.ts';
import { ownsAsCreator, permissionsOfOwner, setCreatorOwns, TASK_OWNER, withCreator } from '../access/task-owner.ts';
import type { Transaction } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { type ErrorBody, ValidationError } from '../lib/errors.ts';
import { giveRole, type Holder, takeRole } from '../model/access/role.ts';
import type { Answer, RequestContext } from '../plugin-api/contracts/context.ts';
import { type Field, list, nested, string, type Values } from '../plugin-api/declare/field.ts';
import { labelOf } from '../plugin-api/declare/model.ts';
import type { Action, ActionTarget, Resource } from '../plugin-api/declare/resource.ts';

const names = list(string(), { default: [] });
const nestedRoleFields: Record<string, Field> = {
  users: list(string({ help: 'Names of users.' }), { default: [], help: 'Names of users.' }),
  groups: names,
  role: string({ help: 'Name of the role.' }),
};
const NESTED_ROLE = { component: 'NestedRole', fields: nestedRoleFields };

/** The actions of each resource that has roles; the catalogue is asked when a request comes. */
export function roleActionsBy(catalogue: () => AccessCatalogue): (resource: Resource) => Action[] {
  return (resource) => {
    const object = (target: ActionTarget): ObjectKey => ({ label: labelOf(resource.model), id: objectKey(target.id) });
    return [
      {
        name: 'my_permissions',
        method: 'get',
        detail: true,
        summary: 'List user permissions',
        description: 'Permissions the caller holds on this object by roles given on it.',
        output: { 200: { component: 'MyPermissions', fields: { permissions: list(string(), { required: true }) } } },
        run: (request, target) => myPermissions(request, object(target), catalogue()),
      },
      {
        name: 'list_roles',
        method: 'get',
        detail: true,
        summary: 'List roles',
        description: 'Roles given on this object, and to whom.',
        output: {
          200: {
            component: 'ObjectRoles',
            fields: { roles: list(nested('NestedRole', nestedRoleFields), { required: true }) },
          },
        },
        run: async (request, target) => ({ status: 200, body: { roles: await listRoles(request, object(target)) } }),
      },
      changeAction(
        'add_role',
        'Add a role',
        'Gives users and groups a role on this object.',
        (request, target, input) => changeRoles(request, object(target), input, adding(catalogue())),
      ),
      changeAction(
        'remove_role',
        'Remove a role',
        'Takes a role on this object from users and groups.',
        (request, target, input) => changeRoles(request, object(target), input, remove),
      ),
    ];
  };
}

function changeAction(name: string, summary: string, description: string, run: Action['run']): Action {
  return {
    name,
    method: 'post',
    detail: true,
    summary,
    description,
    input: NESTED_ROLE,
    output: { 201: { component: 'NestedRole' } },
    run,
  };
}

/** Superusers hold all that can be done with the object; making new ones is not about it. */
async function myPermissions(request: RequestContext, object: ObjectKey, catalogue: AccessCatalogue): Promise<Answer> {
  const { db, user } = request;
  if (user?.isSuperuser) {
    const permissions = catalogue
      .permissionsOf(object.label)
      .filter((one) => !one.includes('.add_') || one === 'core.add_task');
    return { status: 200, body: { permissions } };
  }
  const held = user ? await permissionsOnObject(db, user, object) : [];
  const owned = await permissionsOfOwner(db, object, user);
  return { status: 200, body: { permissions: [...new Set([...held, ...owned])].sort() } };
}

async function listRoles(request: RequestContext, object: ObjectKey): Promise<ObjectRole[]> {
  return await withCreator(request.db, object, await rolesOnObject(request.db, object));
}

type NamedHolder = Holder & { readonly name: string };
type Change = (tx: Transaction, holder: NamedHolder, role: RoleRow, object: ObjectKey) => Promise<void>;

/** All or nothing: the first that cannot be done undoes the others. */
async function changeRoles(request: RequestContext, object: ObjectKey, input: Values, change: Change): Promise<Answer> {
  const errors: Record<string, ErrorBody> = {};
  const users = await holders(request, 'user', input.users as string[], errors);
  const groups = await holders(request, 'group', input.groups as string[], errors);
  const role = await findRole(request.db, String(input.role));
  if (!role) errors.role = [`Object with name=${input.role} does not exist.`];
  if (!role || Object.keys(errors).length > 0) throw new ValidationError(errors);
  await request.db.transaction(async (tx) => {
    for (const holder of [...users, ...groups]) await change(tx, holder, role, object);
  });
  return { status: 201, body: { users: input.users, groups: input.groups, role: role.name } };
}

async function holders(
  request: RequestContext,
  kind: Holder['kind'],
  wanted: readonly string[],
  errors: Record<string, ErrorBody>,
): Promise<NamedHolder[]> {
  const key = kind === 'user' ? 'username' : 'name';
  const found = await request.db.rows<{ id: number; name: string }>(
    kind === 'user'
      ? sql`select id, username as name from app_user where username = any(${wanted}::text[])`
      : sql`select id, name from app_group where name = any(${wanted}::text[])`,
  );
  const byName = new Map(found.map((one) => [one.name, one.id]));
  const missing = wanted.flatMap((name, at) =>
    byName.has(name) ? [] : [[String(at), [`Object with ${key}=${name} does not exist.`]]],
  );
  if (missing.length > 0) errors[`${kind}s`] = Object.fromEntries(missing);
  return [...new Set(wanted)].filter((name) => byName.has(name)).map((name) => ({ kind, name, id: byName.get(name)! }));
}

/** The role has to say something about objects of the kind. */
function adding(catalogue: AccessCatalogue): Change {
  return async (tx, holder, role, object) => {
    const fits = role.permissions.some((one) => catalogue.modelOf(one) === object.label);
    if (!fits) throw ValidationError.cross('The role does not contain any permission for that object.');
    if (!(await give(tx, holder, role, object))) {
      throw ValidationError.cross(`The role is already assigned to ${holder.kind} '${holder.name}'.`);
    }
  };
}

async function give(tx: Transaction, holder: NamedHolder, role: RoleRow, object: ObjectKey): Promise<boolean> {
  if (role.name === TASK_OWNER && holder.kind === 'user') {
    if (await ownsAsCreator(tx, object, holder.id)) return false;
    if (await setCreatorOwns(tx, object, holder.id, true)) return true;
  }
  return (await giveRole(tx, holder, role.id, { object })) !== undefined;
}

const remove: Change = async (tx, holder, role, object) => {
  const ofCreator =
    role.name === TASK_OWNER && holder.kind === 'user' && (await setCreatorOwns(tx, object, holder.id, false));
  if (!ofCreator && !(await takeRole(tx, holder, role.id, object))) {
    throw ValidationError.cross(`The role is not assigned to ${holder.kind} '${holder.name}'.`);
  }
};
