/** Which rows of a list a caller may see, as a condition on `t` (core.md §7.3): short lists, and details that are not there. */
import { type Sql, sql } from '../db/sql.ts';
import type { RequestContext, Visible } from '../plugin-api/contracts/context.ts';
import { labelOf, type Model, type Models } from '../plugin-api/declare/model.ts';
import type { Resource } from '../plugin-api/declare/resource.ts';
import type { Grants } from './grants.ts';

/** What scoping knows of the caller. */
export interface Viewer {
  readonly request: Pick<RequestContext, 'user' | 'domain' | 'services'>;
  readonly grants: Grants;
}

const NONE = sql.raw('false');

/** Undefined where everything is visible. */
export function visibleRows(resource: Resource, viewer: Viewer): Sql | undefined {
  const { model, table } = resource;
  switch (table.name) {
    case 'content':
      return visibleContent(viewer);
    case 'task':
      return visibleTasks(viewer);
    case 'task_group':
      return visibleTaskGroups(viewer);
    case 'api_token':
      return sql`t.user_id = ${viewer.request.user?.id ?? null}`;
    case 'repository_version':
      return visibleOfAnyType('repository', 'r', viewer);
  }
  if (isMaster(resource)) return visibleOfAnyType(table.name, 't', viewer);
  if (holdsWidely(model, viewer)) return undefined;
  const key = table.key === 'pulp_id' ? sql.raw('t.pulp_id') : sql`object_key(t.${sql.ident(table.key)})`;
  return sql`${key} in (${heldObjects([model], viewer)})`;
}

/** Lists over all types of a master table. */
function isMaster({ model, table }: Resource): boolean {
  return model.table !== table.name && model.pulpType === undefined;
}

/** The permission to view objects of a model. */
function viewPermission(model: Model): string {
  return `${model.app}.view_${model.name.toLowerCase()}`;
}

function holdsWidely(model: Model, { grants }: Viewer): boolean {
  const permission = viewPermission(model);
  return grants.everywhere.has(permission) || (model.inDomain !== false && grants.inDomain.has(permission));
}

/**
 * Ids of objects on which the caller holds the right to view them; a token's limits hold here too. The roles are looked
 * up first, as arrays: so the planner knows from its statistics how many assignments there will be.
 */
function heldObjects(models: readonly Model[], { request, grants }: Viewer): Sql {
  const { limit } = request.user ?? {};
  const able = limit ? models.filter((model) => limit.permissions.includes(viewPermission(model))) : models;
  const labels = able.map(labelOf);
  const permissions = able.map(viewPermission);
  const { holders } = grants;
  const roles = sql`array(select id from role where permissions && ${permissions}::text[])`;
  const held = sql`select a.object_id from role_assignment a
    where a.holder = any(${holders}::integer[]) and a.model = any(${labels}::text[]) and a.role_id = any(${roles})`;
  if (able.length === 1) return held;
  // a role may be about several models: on each object it has to carry the permission for that one's
  return sql`${held} and a.model || ' ' || a.role_id = any(array(select wanted.model || ' ' || ro.id
    from unnest(${labels}::text[], ${permissions}::text[]) as wanted (model, permission)
    join role ro on ro.permissions @> array[wanted.permission]))`;
}

/** The conditions for rows of other kinds that a request names, for those its user may see. */
export function visibleBeside(viewer: Viewer): Visible {
  return (table, alias) => {
    if (table === 'content') return visibleContent(viewer, alias);
    if (table === 'task') return visibleTasks(viewer, alias);
    if (modelsOf(table, viewer.request.services.models).length > 0) return visibleOfAnyType(table, alias, viewer);
    const models = viewer.request.services.models.all.filter((model) => model.table === table);
    if (models.some((model) => holdsWidely(model, viewer))) return undefined;
    const key = models[0]?.key;
    const object = key ? sql`object_key(${sql.raw(alias)}.${sql.ident(key)})` : sql.raw(`${alias}.pulp_id`);
    return sql`${object} in (${heldObjects(models, viewer)})`;
  };
}

function modelsOf(table: string, models: Models): Model[] {
  return models.all.filter((model) => model.table === table && model.pulpType !== undefined);
}

/** Rows of a master table: of the types that may be viewed wholly, and single ones of the others. */
function visibleOfAnyType(table: string, alias: string, viewer: Viewer): Sql | undefined {
  const models = modelsOf(table, viewer.request.services.models);
  const whole = models.filter((model) => holdsWidely(model, viewer));
  if (whole.length === models.length && models.length > 0) return undefined;
  const single = models.filter((model) => !whole.includes(model));
  const held = sql`${sql.raw(alias)}.pulp_id in (${heldObjects(single, viewer)})`;
  if (whole.length === 0) return held;
  return sql`(${sql.raw(alias)}.pulp_type = any(${whole.map((model) => model.pulpType)}::text[]) or ${held})`;
}

/** Content is seen through the repositories it is in, in any of their versions; those are of its own domain. */
function visibleContent(viewer: Viewer, alias = 't'): Sql {
  const repositories = visibleOfAnyType('repository', 'r', viewer);
  const unit = sql.raw(`${alias}.id`);
  if (!repositories) return sql`exists (select 1 from repository_content seen where seen.content_id = ${unit})`;
  return sql`exists (select 1 from repository_content seen join repository r on r.id = seen.repository_id
    where seen.content_id = ${unit} and ${repositories})`;
}

const TASK = { app: 'core', name: 'Task', path: 'tasks', table: 'task' } as const satisfies Model;
const TASK_GROUP = {
  app: 'core',
  name: 'TaskGroup',
  path: 'task-groups',
  table: 'task_group',
} as const satisfies Model;

/** Who has started a task is its owner, without an assignment, until the role is taken away. */
function visibleTasks(viewer: Viewer, alias = 't'): Sql | undefined {
  if (holdsWidely(TASK, viewer)) return undefined;
  const { user } = viewer.request;
  if (!user || user.limit?.permissions.includes(viewPermission(TASK)) === false) return NONE;
  // a union instead of an `or`: each part is found by its own index
  return sql`${sql.raw(alias)}.pulp_id in (select own.pulp_id from task own where own.created_by = ${user.id} and own.creator_is_owner
    union all ${heldObjects([TASK], viewer)})`;
}

/** A group of tasks is seen by those who see one of them. */
function visibleTaskGroups(viewer: Viewer): Sql | undefined {
  if (holdsWidely(TASK_GROUP, viewer)) return undefined;
  const tasks = visibleTasks(viewer, 'member');
  return sql`exists (select 1 from task member where member.task_group_id = t.pulp_id${tasks ? sql` and ${tasks}` : sql.empty})`;
}
