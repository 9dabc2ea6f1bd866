/** Roles of a user and of a group: everywhere, in a domain or on an object (core.md §7.2). */

import type { AccessCatalogue } from '../../../access/catalogue.ts';
import { idOfObjectKey, type ObjectKey, objectKey } from '../../../access/grants.ts';
import { findRole, type RoleRow } from '../../../access/role-assignments.ts';
import { assignmentsOfUsers, followsFromStart, setCreatorOwns, TASK_OWNER } from '../../../access/task-owner.ts';
import { type Sql, sql } from '../../../db/sql.ts';
import { ValidationError } from '../../../lib/errors.ts';
import { isUuid } from '../../../lib/text/uuid.ts';
import { deleteAssignment, giveRole } from '../../../model/access/role.ts';
import type { Answer, Presenter, RequestContext } from '../../../plugin-api/contracts/context.ts';
import {
  datetime,
  type Field,
  list,
  type Row,
  reference,
  string,
  type Values,
} from '../../../plugin-api/declare/field.ts';
import { customFilter, referenceFilter, textFilter } from '../../../plugin-api/declare/filter.ts';
import { labelOf, type Model, prn } from '../../../plugin-api/declare/model.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { apiPrefix, findNamed, HrefReader } from '../../engine/hrefs.ts';
import { presentOne } from '../../engine/present.ts';
import { readRow } from '../../engine/read-rows.ts';
import { Refused } from '../../engine/validate-value.ts';
import { deleteNow } from '../../types/dry-run.ts';
import { groupRoleModel, userRoleModel } from '../models.ts';
import { requireParentId } from './groups.ts';

/** hrefs of the objects of many assignments; where domains are enabled, they name the object's own. */
async function objectHrefs(rows: readonly Row[], presenter: Presenter): Promise<(string | null)[]> {
  const domains = presenter.services.settings.domainEnabled
    ? await domainsOf(rows, presenter)
    : new Map<string, string>();
  return rows.map((row) => {
    const model = row.model === null ? undefined : presenter.services.models.byLabel(String(row.model));
    if (!model) return null;
    const id = idOf(row, model);
    const domain = domains.get(id);
    const { apiRoot, domainEnabled } = presenter.services.settings;
    return `${domain === undefined ? presenter.apiPrefix : apiPrefix(apiRoot, domainEnabled, domain)}${model.path}/${id}/`;
  });
}

const idOf = (row: Row, model: Model) => idOfObjectKey(String(row.object_id), model.key !== undefined);

async function domainsOf(rows: readonly Row[], presenter: Presenter): Promise<Map<string, string>> {
  const byTable = Map.groupBy(
    rows.filter((row) => row.object_id !== null),
    (row) => presenter.services.models.byLabel(String(row.model)),
  );
  const domains = new Map<string, string>();
  for (const [model, some] of byTable) {
    if (!model || model.inDomain === false) continue;
    const found = await presenter.services.db.rows<{ id: string; name: string }>(
      sql`select o.pulp_id as id, d.name from ${sql.ident(model.table)} o join domain d on d.id = o.domain_id
        where o.pulp_id = any(${some.map((row) => row.object_id)}::uuid[])`,
    );
    for (const { id, name } of found) domains.set(id, name);
  }
  return domains;
}

function objectPrn(row: Row, presenter: Presenter): string | null {
  const model = row.model === null ? undefined : presenter.services.models.byLabel(String(row.model));
  return model ? prn(labelOf(model), idOf(row, model)) : null;
}

interface Kind {
  readonly holder: 'user' | 'group';
  readonly model: Model;
  readonly parent: { readonly table: string; readonly name: string; readonly path: string };
}

function fieldsOf({ model, parent, holder }: Kind): Record<string, Field> {
  const word = model.path.slice(model.path.lastIndexOf('/') + 1);
  return {
    pulp_href: string({
      format: 'uri',
      readOnly: true,
      column: false,
      read: (row, p) => `${p.apiPrefix}${parent.path}/${row[`${holder}_id`]}/${word}/${row.pulp_id}/`,
    }),
    prn: string({ readOnly: true, column: false, read: (row) => prn(labelOf(model), String(row.pulp_id)) }),
    pulp_created: datetime({ help: 'When it was given.', readOnly: true }),
    pulp_last_updated: datetime({ help: 'When it was last changed.', readOnly: true }),
    role: string({ help: 'Name of the role.', column: false, read: (row) => row.role_name }),
    content_object: string({
      help: 'href of the object it is held on; null for everywhere.',
      nullable: true,
      column: false,
      load: objectHrefs,
    }),
    content_object_prn: string({
      help: 'PRN of the object it is held on; null for everywhere.',
      nullable: true,
      column: false,
      read: objectPrn,
    }),
    description: string({ readOnly: true, column: false, read: (row) => row.role_description }),
    permissions: list(string(), { readOnly: true, column: false, read: (row) => row.role_permissions }),
    domain: reference('core.domain', {
      help: 'Domain it is held in; not together with an object.',
      nullable: true,
      column: false,
      read: (row, presenter) => (row.domain_pulp_id ? presenter.href('core.domain', String(row.domain_pulp_id)) : null),
    }),
  };
}

/** The object a request names, undefined when it names none. */
async function objectNamed(values: Values, request: RequestContext): Promise<ObjectKey | undefined> {
  const { content_object: href, content_object_prn: name } = values;
  if (typeof name === 'string') {
    if (!name.startsWith('prn:'))
      throw ValidationError.field('content_object_prn', `PRN must start with 'prn:': ${name}`);
    const object = await findObject(name, request, (problem) => ValidationError.field('content_object_prn', problem));
    if (!object) throw ValidationError.field('content_object_prn', 'Object does not exist.');
    return object;
  }
  if (typeof href !== 'string') return undefined;
  const refused = () => ValidationError.field('content_object', `Invalid value: ${href}.`);
  const object = await findObject(href, request, refused);
  if (!object) throw refused();
  return object;
}

async function findObject(
  text: string,
  request: RequestContext,
  refused: (problem: string) => Error,
): Promise<ObjectKey | undefined> {
  const { models, settings } = request.services;
  const hrefs = new HrefReader(models, settings);
  try {
    const named = hrefs.read(text);
    if (named.number !== undefined) return undefined;
    const domainName = hrefs.domainOf(text) ?? request.domain.name;
    const domain = domainName === request.domain.name ? request.domain : await domainNamed(domainName, request);
    const found = domain && (await findNamed(request.db, domain, named));
    return found ? { label: labelOf(named.model), id: objectKey(named.id) } : undefined;
  } catch (error) {
    if (error instanceof Refused) throw refused([error.body].flat().map(String).join(' '));
    throw error;
  }
}

/** Assignments are global: an href may name an object of any domain. */
async function domainNamed(name: string, request: RequestContext) {
  return await request.db.row<RequestContext['domain']>(
    sql`select id, pulp_id as "pulpId", name from domain where name = ${name}`,
  );
}

/** Either an object, a domain or, said by null, everywhere. */
async function placeOf(values: Values, request: RequestContext): Promise<{ object?: ObjectKey; domainId?: number }> {
  const domain = values.domain as { row: Row } | null | undefined;
  const object = await objectNamed(values, request);
  if (values.domain && object) throw ValidationError.cross('Domain and content_object are mutually exclusive.');
  if (domain) return { domainId: Number(domain.row.id) };
  if (object) return { object };
  if (values.content_object === undefined && values.content_object_prn === undefined) {
    throw ValidationError.cross(
      "Either 'content_object' or 'content_object_prn' needs to be specified. Use 'null' for global or domain level access.",
    );
  }
  return {};
}

function checkFit(role: RoleRow, object: ObjectKey | undefined, catalogue: AccessCatalogue): void {
  if (!object || role.permissions.some((one) => catalogue.modelOf(one) === object.label)) return;
  throw ValidationError.cross(`The role '${role.name}' does not carry any permission for that object.`);
}

function giver(kind: Kind, resource: () => Resource, catalogue: () => AccessCatalogue) {
  return async (values: Values, request: RequestContext, params: Readonly<Record<string, string>>): Promise<Answer> => {
    const id = await requireParentId(request, params, kind.parent.table, kind.parent.name);
    const role = await findRole(request.db, String(values.role));
    if (!role) throw ValidationError.field('role', `Object with name=${values.role} does not exist.`);
    const place = await placeOf(values, request);
    checkFit(role, place.object, catalogue());
    const implied =
      kind.holder === 'user' && (await followsFromStart(request.db, place.object, id, role.name))
        ? place.object
        : undefined;
    const given = implied
      ? await giveBack(request, implied, id, role)
      : await giveRole(request.db, { kind: kind.holder, id }, role.id, place);
    if (!given) throw ValidationError.cross(`The role is already assigned to this ${kind.holder}.`);
    const row = await readRow(request.db, resource(), request.domain, given, [
      sql`t.${sql.raw(`${kind.holder}_id`)} = ${id}`,
    ]);
    const body = await presentOne(resource(), row!, request);
    return { status: 201, body, headers: { Location: String(body.pulp_href) } };
  };
}

/** What follows from having started a task can only be had again by its owner's role. */
async function giveBack(
  { db }: RequestContext,
  task: ObjectKey,
  userId: number,
  role: RoleRow,
): Promise<string | undefined> {
  const owns = role.name === TASK_OWNER && (await setCreatorOwns(db, task, userId, true));
  return owns ? task.id : undefined;
}

async function takeFromUser(row: Row, request: RequestContext): Promise<Answer> {
  const task = { label: String(row.model), id: String(row.object_id) };
  if (row.implied && row.role_name !== TASK_OWNER) {
    throw ValidationError.cross(
      `The role '${row.role_name}' goes with the task: it cannot be taken from who started it.`,
    );
  }
  return await deleteNow(request, async (tx) =>
    row.implied
      ? await setCreatorOwns(tx, task, Number(row.user_id), false)
      : await deleteAssignment(tx, String(row.pulp_id)),
  );
}

async function onObject(value: string, request: RequestContext): Promise<Sql> {
  if (value === '' || value === 'null') return sql.raw('t.object_id is null');
  const refused = () => new ValidationError([`Invalid value for 'content_object': ${value}.`]);
  const object = await findObject(value, request, refused);
  if (!object || !isUuid(object.id)) throw refused();
  return sql`(t.model = ${object.label} and t.object_id = ${object.id})`;
}

function declareAssignments(
  kind: Kind,
  facts: Pick<Resource, 'tag' | 'operation' | 'hrefName' | 'parentHref' | 'component' | 'noun' | 'description'>,
  catalogue: () => AccessCatalogue,
): Resource {
  const { holder, parent } = kind;
  const resource: Resource = {
    ...facts,
    model: kind.model,
    table: {
      name: 'role_assignment',
      from: sql`${holder === 'user' ? assignmentsOfUsers : sql.raw('role_assignment')} t
        join role ro on ro.id = t.role_id left join domain d on d.id = t.domain_id`,
      key: 'pulp_id',
      newest: sql.raw('t.pulp_id'),
      inDomain: false,
      columns: [
        sql.raw(
          'ro.name as role_name, ro.description as role_description, ro.permissions as role_permissions, d.pulp_id as domain_pulp_id',
        ),
      ],
      order: { role: sql.raw('ro.name'), description: sql.raw('ro.description') },
      parent: async (request, params) =>
        sql`t.${sql.raw(`${holder}_id`)} = ${await requireParentId(request, params, parent.table, parent.name)}`,
    },
    fields: fieldsOf(kind),
    filters: {
      role: textFilter(sql.raw('ro.name'), { lookups: ['', 'contains', 'icontains', 'in', 'startswith'] }),
      content_object: customFilter(onObject, { help: 'Only those on this object; null for those on none.' }),
      domain: referenceFilter(sql.raw('d.pulp_id'), 'core.domain', { nullable: true }),
    },
    ordering: ['role', 'description', 'pulp_created', 'pk'],
    operations: { list: true, read: true, create: 'now', delete: 'now' },
    actions: [],
    ...(holder === 'user' && { deleteTask: takeFromUser }),
    createNow: (values, request, params) => giver(kind, () => resource, catalogue)(values, request, params),
  };
  return resource;
}

export function roleAssignmentResources(catalogue: () => AccessCatalogue): Resource[] {
  return [
    declareAssignments(
      { holder: 'user', model: userRoleModel, parent: { table: 'app_user', name: 'User', path: 'users' } },
      {
        tag: 'Users: Roles',
        operation: 'users_roles',
        hrefName: 'auth_users_user_role_href',
        parentHref: 'auth_user_href',
        component: 'UserRole',
        noun: 'user role',
        description: 'Roles of a user.',
      },
      catalogue,
    ),
    declareAssignments(
      { holder: 'group', model: groupRoleModel, parent: { table: 'app_group', name: 'Group', path: 'groups' } },
      {
        tag: 'Groups: Roles',
        operation: 'groups_roles',
        hrefName: 'groups_group_role_href',
        parentHref: 'group_href',
        component: 'GroupRole',
        noun: 'group role',
        description: 'Roles of a group.',
      },
      catalogue,
    ),
  ];
}
