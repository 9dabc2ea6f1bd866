/** The standard operations of a resource in the request: list, read, create, update, delete, in now, task and immediate modes. */

import { runCreationHooks } from '../../access/creation-hooks.ts';
import type { Sql } from '../../db/sql.ts';
import { HttpError } from '../../lib/errors.ts';
import { isUuid } from '../../lib/text/uuid.ts';
import type { ListPlace } from '../../model/content/content-count.ts';
import type { Answer, CreatedObject, RequestContext } from '../../plugin-api/contracts/context.ts';
import type { Row, Values } from '../../plugin-api/declare/field.ts';
import { labelOf } from '../../plugin-api/declare/model.ts';
import type { Mode, Resource } from '../../plugin-api/declare/resource.ts';
import { accepted } from '../../plugin-api/toolkit/accepted.ts';
import { asksForDryRun, deleteNow } from '../types/dry-run.ts';
import type { FilterSet } from './filters.ts';
import type { HrefReader } from './hrefs.ts';
import { hrefOf, present, presentOne, prnOf, selectionOf, storedValue } from './present.ts';
import type { Body } from './read-body.ts';
import { pageOf, readPage, readRow } from './read-rows.ts';
import { validateBody } from './validate-body.ts';
import {
  checkUnique,
  deleteRow,
  insertRow,
  isUnchanged,
  refuseTooLong,
  storable,
  takenBody,
  translateConstraint,
  updateRow,
} from './write-rows.ts';

/** What the operations of a resource need beside the request. */
export interface ResourceRuntime {
  readonly resource: Resource;
  readonly filters: FilterSet;
  readonly hrefs: HrefReader;
}

type Params = Readonly<Record<string, string>>;

/** Conditions of the path's parent and of the caller's rights. */
async function scopeOf(runtime: ResourceRuntime, request: ScopedRequest, params: Params): Promise<Sql[]> {
  const parent = await runtime.resource.table.parent?.(request, params);
  return [...(parent ? [parent] : []), ...(request.scope ? [request.scope] : [])];
}

/** A request with the condition that limits rows to those the caller may see. */
export interface ScopedRequest extends RequestContext {
  readonly scope?: Sql | undefined;
}

export async function listRows(runtime: ResourceRuntime, request: ScopedRequest, params: Params): Promise<Answer> {
  const { resource, filters } = runtime;
  const conditions = [
    ...(await scopeOf(runtime, request, params)),
    ...(await filters.conditions(request.query, request)),
  ];
  const page = pageOf(request.query);
  const { rows, count } = await readPage(
    request,
    resource,
    conditions,
    page,
    await knownPlace(runtime, request, page.offset),
  );
  const results = await present(shapeOf(resource, request), rows, request, selectionOf(request.query));
  const { next, previous } = pageLinks(request, page.limit, page.offset, count);
  return { status: 200, body: { count, next, previous, results } };
}

/** A caller who sees only a part must not learn of the rest by a counter. */
async function knownPlace(
  runtime: ResourceRuntime,
  request: ScopedRequest,
  offset: number,
): Promise<ListPlace | undefined> {
  return request.scope ? undefined : await runtime.resource.knownPlace?.(request, offset);
}

/** Absolute URLs of the neighbouring pages, keys of the query sorted. */
function pageLinks(
  request: RequestContext,
  limit: number,
  offset: number,
  count: number,
): { next: string | null; previous: string | null } {
  const [path] = request.url.split('?', 1);
  const link = (at: number) => {
    const query = new URLSearchParams(request.query);
    query.set('limit', String(limit));
    if (at > 0) query.set('offset', String(at));
    else query.delete('offset');
    query.sort();
    return `${request.origin}${path}?${query}`;
  };
  return {
    next: offset + limit < count ? link(offset + limit) : null,
    previous: offset > 0 ? link(Math.max(0, offset - limit)) : null,
  };
}

/** The row named in the path; 404 in the words of Pulp when it is not there or not visible. */
export async function requireRow(runtime: ResourceRuntime, request: ScopedRequest, params: Params): Promise<Row> {
  const { resource } = runtime;
  const id = params.pk ?? '';
  if (resource.table.key === 'pulp_id' ? !isUuid(id) : !/^\d{1,9}$/.test(id)) throw new HttpError(404, 'Not found.');
  const row = await readRow(request.db, resource, request.domain, id, await scopeOf(runtime, request, params));
  if (!row) throw new HttpError(404, `No ${resource.model.name} matches the given query.`);
  return row;
}

/** 404 when the parent named in the path is not there. */
export async function requireParent(runtime: ResourceRuntime, request: RequestContext, params: Params): Promise<void> {
  await runtime.resource.table.parent?.(request, params);
}

export async function readOne(runtime: ResourceRuntime, request: ScopedRequest, params: Params): Promise<Answer> {
  const row = await requireRow(runtime, request, params);
  const shape = shapeOf(runtime.resource, request);
  const detail = shape.detailFields ? { ...shape, fields: { ...shape.fields, ...shape.detailFields } } : shape;
  return { status: 200, body: await presentOne(detail, row, request, selectionOf(request.query)) };
}

/** `minimal=true` asks for the short form of resources that have one. */
function shapeOf(resource: Resource, request: RequestContext): Resource {
  const minimal = resource.minimalFields && /^(true|1)$/i.test(request.query.get('minimal') ?? '');
  return minimal ? { ...resource, fields: resource.minimalFields } : resource;
}

export async function createRow(
  runtime: ResourceRuntime,
  request: ScopedRequest,
  params: Params,
  body: Body,
): Promise<Answer> {
  const { resource } = runtime;
  const values = await checkedValues(runtime, request, body);
  if (resource.createNow) return await resource.createNow(values, request, params);
  if (resource.createTask) {
    await checkUnique(resource, request.domain, storable(resource.fields, values), request.services);
    return await resource.createTask(values, request);
  }
  if (resource.operations.create !== 'now') {
    const stored = storable(resource.fields, values);
    await checkUnique(resource, request.domain, stored, request.services);
    return await dispatchWrite(runtime, request, 'create', resource.operations.create!, undefined, stored, values);
  }
  return (await insertNow(resource, request, storable(resource.fields, values))).answer;
}

/** `CreateObject` of a request: what actions and live protocols make objects of other resources by. */
export async function createObject(
  runtime: Pick<ResourceRuntime, 'resource' | 'hrefs'>,
  request: RequestContext,
  values: Values,
): Promise<CreatedObject> {
  const { resource } = runtime;
  if (resource.createNow || resource.createTask || !resource.operations.create)
    throw new Error(`Objects of ${labelOf(resource.model)} are not made by an insert.`);
  const checked = await checkedValues(runtime, request, { values, isForm: false });
  return await insertNow(resource, request, storable(resource.fields, checked));
}

/** The values of a new object, by the fields and by the rules over several of them. */
async function checkedValues(
  { resource, hrefs }: Pick<ResourceRuntime, 'resource' | 'hrefs'>,
  request: RequestContext,
  body: Body,
): Promise<Values> {
  const found = await validateBody(resource.hiddenInput ?? resource.fields, body, request, hrefs, {
    alsoWrong: alsoTaken(resource, request),
  });
  refuseTooLong(resource, found);
  return (await resource.validate?.(found, request, undefined)) ?? found;
}

/** Beside other errors only what is told by field: values that another row has already. */
function alsoTaken(resource: Resource, request: RequestContext, ownId?: string) {
  return async (values: Values) => {
    const stored = storable(resource.fields, values);
    const body = await takenBody(resource, request.domain, stored, request.services, ownId);
    return body && !Array.isArray(body) && !('non_field_errors' in body) ? body : {};
  };
}

async function insertNow(resource: Resource, request: RequestContext, values: Values): Promise<CreatedObject> {
  const { services, domain } = request;
  try {
    const row = await services.db.transaction(async (tx) => {
      const id = await insertRow(tx, resource, domain, values, services);
      await runCreationHooks(tx, services.settings, resource.model, id, request.user?.id ?? null);
      return await readRow(tx, resource, domain, id);
    });
    const answer = created(resource, request, row!, await presentOne(resource, row!, request));
    return { id: String(row![resource.table.key]), row: row!, answer };
  } catch (error) {
    throw translateConstraint(resource, values, error);
  }
}

export function created(resource: Resource, request: RequestContext, row: Row, body: object): Answer {
  return {
    status: 201,
    body,
    headers: {
      Location: (body as Row).pulp_href
        ? String((body as Row).pulp_href)
        : hrefOf(resource.model, request.apiPrefix, row),
    },
  };
}

export async function changeRow(
  runtime: ResourceRuntime,
  request: ScopedRequest,
  params: Params,
  body: Body,
  partial: boolean,
): Promise<Answer> {
  const { resource, hrefs } = runtime;
  const row = await requireRow(runtime, request, params);
  resource.guard?.(row);
  const id = String(row[resource.table.key]);
  const alsoWrong = alsoTaken(resource, request, id);
  const found = await validateBody(resource.fields, body, request, hrefs, {
    partial,
    alsoWrong,
    kept: keptBy(resource, row),
  });
  refuseTooLong(resource, found);
  const values = (await resource.validate?.(found, request, row)) ?? found;
  const stored = storable(resource.fields, values);
  await checkUnique(resource, request.domain, stored, request.services, id);
  if (resource.operations.update === 'now') return await updateNow(runtime, request, id, stored);
  if (isUnchanged(resource, row, stored)) return { status: 200, body: await presentOne(resource, row, request) };
  return await dispatchWrite(runtime, request, 'update', resource.operations.update!, row, stored, values);
}

/** References that a row has already. */
function keptBy(resource: Resource, row: Row) {
  return (name: string, id: string) => storedValue(name, resource.fields[name]!, row) === id;
}

async function updateNow(
  runtime: ResourceRuntime,
  request: ScopedRequest,
  id: string,
  values: Values,
): Promise<Answer> {
  const { resource } = runtime;
  const { services, domain } = request;
  try {
    const row = await services.db.transaction(async (tx) => {
      await updateRow(tx, resource, domain, id, values, services);
      return await readRow(tx, resource, domain, id);
    });
    if (!row) throw new HttpError(404, `No ${resource.model.name} matches the given query.`);
    return { status: 200, body: await presentOne(resource, row, request) };
  } catch (error) {
    throw translateConstraint(resource, values, error);
  }
}

export async function removeRow(runtime: ResourceRuntime, request: ScopedRequest, params: Params): Promise<Answer> {
  const { resource } = runtime;
  const row = await requireRow(runtime, request, params);
  resource.guard?.(row);
  if (resource.deleteTask) return await resource.deleteTask(row, request);
  const mode = resource.operations.delete!;
  if (mode !== 'now') return await dispatchWrite(runtime, request, 'delete', mode, row, {}, {});
  const { services, domain } = request;
  return await deleteNow(request, (tx) => deleteRow(tx, resource, domain, String(row[resource.table.key]), services));
}

/** As Pulp calls them: some wait in another way there, which shows in the name. */
const TASK_NAMES = { create: 'general_create', update: 'ageneral_update', delete: 'ageneral_delete' } as const;

async function dispatchWrite(
  runtime: ResourceRuntime,
  request: RequestContext,
  act: 'create' | 'update' | 'delete',
  mode: Mode,
  row: Row | undefined,
  stored: Values,
  values: Values,
): Promise<Answer> {
  const { resource } = runtime;
  const own = row ? [prnOf(resource.model, row)] : [];
  const locks = resource.locks?.(values, request, row) ?? { exclusive: own };
  const dryRun = act === 'delete' && asksForDryRun(request);
  const task = await request.dispatch({
    name: `pulpcore.app.tasks.base.${TASK_NAMES[act]}`,
    args: {
      model: labelOf(resource.model),
      values: stored,
      ...(row && { id: String(row[resource.table.key]) }),
      ...(dryRun && { dry_run: true }),
    },
    exclusive: locks.exclusive,
    shared: locks.shared ?? [],
    immediate: mode === 'immediate',
  });
  return accepted(request, task);
}
