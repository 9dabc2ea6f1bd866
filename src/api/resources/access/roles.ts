/** Roles: named sets of permissions; locked ones come with the software (core.md §7.2). */
import type { AccessCatalogue } from '../../../access/catalogue.ts';
import { sql } from '../../../db/sql.ts';
import { HttpError, ValidationError } from '../../../lib/errors.ts';
import { setPermissions } from '../../../model/access/role.ts';
import type { RequestContext } from '../../../plugin-api/contracts/context.ts';
import { COMMON_ORDERING, identityFields } from '../../../plugin-api/declare/common-fields.ts';
import { boolean, list, type Row, string, type Values } from '../../../plugin-api/declare/field.ts';
import { booleanFilter, customFilter, textFilter } from '../../../plugin-api/declare/filter.ts';
import { labelOf, type Model } from '../../../plugin-api/declare/model.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { HrefReader } from '../../engine/hrefs.ts';
import { Refused } from '../../engine/validate-value.ts';
import { roleModel } from '../models.ts';

function refuseLocked(row: Row): void {
  if (row.locked) throw new HttpError(403, 'The role is locked.');
}

/** Each must be known; they are kept in one order. */
function checked(values: Values, catalogue: AccessCatalogue): Values {
  const permissions = values.permissions as string[] | undefined;
  if (!permissions) return values;
  for (const permission of permissions) {
    if (!/^[^.]+\.[^.]+$/.test(permission)) {
      throw ValidationError.field(
        'permissions',
        `Permission '${permission}' is not in the format '<app_label>.<codename>'.`,
      );
    }
    if (!catalogue.has(permission))
      throw ValidationError.field('permissions', `Permission '${permission}' does not exist.`);
  }
  return { ...values, permissions: catalogue.sorted(permissions) };
}

/** Roles that say something about objects of a type and nothing about others. */
function forType(value: string, request: RequestContext, catalogue: AccessCatalogue) {
  if (value === '') return sql.raw('true');
  const permissions = catalogue.permissionsOf(labelOf(modelNamed(value, request)));
  return sql`t.permissions <@ ${permissions}::text[] and cardinality(t.permissions) > 0`;
}

/** The type an href of an object or of a list means. */
function modelNamed(value: string, request: RequestContext): Model {
  const { models, settings } = request.services;
  const hrefs = new HrefReader(models, settings);
  const ofList = models.byPath(hrefs.relativePath(value)?.replace(/\/$/, '') ?? '');
  if (ofList) return ofList;
  try {
    return hrefs.read(value).model;
  } catch (error) {
    if (error instanceof Refused) throw new ValidationError([`URI not valid: ${value}`]);
    throw error;
  }
}

/** The key may come several times or hold a list: any of all of them. */
function withAnyPermission(request: RequestContext) {
  const wanted = request.query
    .getAll('contains_permission')
    .flatMap((value) => value.split(','))
    .map((one) => one.trim());
  const named = wanted.filter((one) => one !== '');
  return named.length === 0 ? sql.raw('true') : sql`t.permissions && ${named}::text[]`;
}

export function roleResource(catalogue: () => AccessCatalogue): Resource {
  const lookups = ['', 'contains', 'icontains', 'iexact'];
  return {
    model: roleModel,
    tag: 'Roles',
    operation: 'roles',
    hrefName: 'role_href',
    component: 'Role',
    noun: 'role',
    description: 'Named sets of permissions.',
    table: { name: 'role', from: sql.raw('role t'), key: 'pulp_id', newest: sql.raw('t.pulp_id'), inDomain: false },
    fields: {
      ...identityFields(roleModel),
      name: string({ help: 'A name that no other role has.' }),
      description: string({ help: 'What it is for.', nullable: true }),
      permissions: list(string({ schema: { minLength: undefined } }), {
        help: 'What it allows, as <app>.<codename>.',
        column: false,
        read: (row) => row.permissions,
      }),
      locked: boolean({ help: 'Whether it comes with the software and cannot be changed.', readOnly: true }),
    },
    filters: {
      name: textFilter(sql.raw('t.name')),
      description: textFilter(sql.raw('t.description'), { lookups }),
      locked: booleanFilter(sql.raw('t.locked')),
      contains_permission: customFilter((_value, request) => withAnyPermission(request), {
        help: 'Only roles with any of these permissions.',
        repeatable: true,
        schema: { type: 'array', items: { type: 'string' } },
      }),
      for_object_type: customFilter((value, request) => forType(value, request, catalogue()), {
        help: 'Only roles that are about objects of the type of this href and about nothing else.',
      }),
    },
    ordering: [...COMMON_ORDERING, 'name', 'description', 'locked'],
    operations: { list: true, read: true, create: 'now', update: 'now', delete: 'now' },
    actions: [],
    unique: [
      { fields: ['name'], constraint: 'role_name_unique', body: () => ({ name: ['This field must be unique.'] }) },
    ],
    guard: refuseLocked,
    validate: (values) => checked(values, catalogue()),
    afterSave: async (tx, id, values) => {
      if (values.permissions) await setPermissions(tx, id, values.permissions);
    },
  };
}
