/** Which rows of a list a caller may see, as a condition on `t` (core.md §7.3): short lists, and details that are not there. */
import { type Sql, sql } from '../db/sql.ts';
import type { RequestContext } from '../plugin-api/context.ts';
import { labelOf, type Model, type Models } from '../plugin-api/model.ts';
import type { Resource } from '../plugin-api/resource.ts';
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
export function viewPermission(model: Model): string {
  return `${model.app}.view_${model.name.toLowerCase()}`;
}

function holdsWidely(model: Model, { grants }: Viewer): boolean {
  const permission = viewPermission(model);
  return grants.everywhere.has(permission) || (model.inDomain !== false && grants.inDomain.has(permission));
}

/** Ids of objects on which the caller holds the right to view them; a token's limits hold here too. */
function heldObjects(models: readonly Model[], { request, grants }: Viewer): Sql {
  const { limit } = request.user ?? {};
  const able = limit ? models.filter((model) => limit.permissions.includes(viewPermission(model))) : models;
  const labels = able.map(labelOf);
  const permissions = able.map(viewPermission);
  const { holders } = grants;
  if (able.length === 1) {
    return sql`select a.object_id from role_assignment a join role ro on ro.id = a.role_id
      where a.holder = any(${holders}::integer[]) and a.model = ${labels[0]} and ro.permissions @> array[${permissions[0]}]`;
  }
  return sql`select a.object_id from role_assignment a join role ro on ro.id = a.role_id
    join unnest(${labels}::text[], ${permissions}::text[]) as wanted (model, permission) on wanted.model = a.model
    where a.holder = any(${holders}::integer[]) and a.object_id is not null and ro.permissions @> array[wanted.permission]`;
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

/** Content is seen through the repositories it is in, in any of their versions. */
function visibleContent(viewer: Viewer): Sql {
  const repositories = visibleOfAnyType('repository', 'r', viewer) ?? sql.raw('true');
  return sql`exists (select 1 from repository_content seen join repository r on r.id = seen.repository_id
    where seen.content_id = t.id and r.domain_id = ${viewer.request.domain.id} and ${repositories})`;
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
  const task = sql.raw(alias);
  return sql`((${task}.created_by = ${user.id} and ${task}.creator_is_owner) or ${task}.pulp_id in (${heldObjects([TASK], viewer)}))`;
}

/** A group of tasks is seen by those who see one of them. */
function visibleTaskGroups(viewer: Viewer): Sql | undefined {
  if (holdsWidely(TASK_GROUP, viewer)) return undefined;
  const tasks = visibleTasks(viewer, 'member');
  return sql`exists (select 1 from task member where member.task_group_id = t.pulp_id${tasks ? sql` and ${tasks}` : sql.empty})`;
}
