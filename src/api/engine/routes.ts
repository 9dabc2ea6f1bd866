/** The routes of all resources: for each path the methods, and which operation or action answers them. */
import type { Action, Resource } from '../../plugin-api/declare/resource.ts';
import { FilterSet } from './filters.ts';
import type { HrefReader } from './hrefs.ts';
import { labelActions } from './label-actions.ts';
import type { ResourceRuntime } from './operations.ts';

export type Operation = 'list' | 'create' | 'read' | 'update' | 'partial_update' | 'delete';

export interface Route {
  /** Upper case. */
  readonly method: string;
  /** Below the API prefix, with `:pk` and `:parent`, slash at the end. */
  readonly path: string;
  readonly runtime: ResourceRuntime;
  /** Name for access policies: list, retrieve, create, update, partial_update, destroy or the action's. */
  readonly act: string;
  readonly operation?: Operation;
  readonly action?: Action;
}

const ACT: Readonly<Record<Operation, string>> = {
  list: 'list',
  create: 'create',
  read: 'retrieve',
  update: 'update',
  partial_update: 'partial_update',
  delete: 'destroy',
};

/** The actions of a resource: its own, labels and roles. */
export function actionsOf(resource: Resource, roleActions: (resource: Resource) => Action[]): Action[] {
  return [
    ...resource.actions,
    ...(resource.hasLabels === true ? labelActions(resource) : []),
    ...(resource.hasRoles ? roleActions(resource) : []),
  ];
}

/** `repositories/file/file/*` + `/versions` → `repositories/file/file/:parent/versions/` */
export function listPath(resource: Resource): string {
  return `${resource.model.path.replace('/*/', '/:parent/')}/`;
}

export function routesOf(
  resource: Resource,
  hrefs: HrefReader,
  roleActions: (resource: Resource) => Action[],
): Route[] {
  const runtime: ResourceRuntime = { resource, filters: new FilterSet(resource, hrefs), hrefs };
  const list = listPath(resource);
  const detail = `${list}:pk/`;
  const routes: Route[] = [];
  const add = (method: string, path: string, operation: Operation) =>
    routes.push({ method, path, runtime, operation, act: ACT[operation] });
  const { operations } = resource;
  if (operations.list) add('GET', list, 'list');
  if (operations.create) add('POST', list, 'create');
  if (operations.read) add('GET', detail, 'read');
  if (operations.update) {
    add('PUT', detail, 'update');
    add('PATCH', detail, 'partial_update');
  }
  if (operations.delete) add('DELETE', detail, 'delete');
  for (const action of actionsOf(resource, roleActions)) {
    const path = (action.detail ? detail : list) + (action.path ?? `${action.name}/`);
    routes.push({ method: action.method.toUpperCase(), path, runtime, action, act: action.name });
  }
  return routes;
}
