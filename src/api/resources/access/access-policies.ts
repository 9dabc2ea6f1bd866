/** Access policies: one for each view, changed by administrators, reset to what the software brings (core.md §7.3). */
import type { AccessCatalogue } from '../../../access/catalogue.ts';
import { sql } from '../../../db/sql.ts';
import { HttpError, ValidationError } from '../../../lib/errors.ts';
import { markCustomized, resetPolicy } from '../../../model/access/role.ts';
import type { Answer, RequestContext } from '../../../plugin-api/contracts/context.ts';
import { COMMON_ORDERING, identityFields } from '../../../plugin-api/declare/common-fields.ts';
import { boolean, type Field, list, object, string, type Values } from '../../../plugin-api/declare/field.ts';
import { booleanFilter, textFilter } from '../../../plugin-api/declare/filter.ts';
import type { Action, ActionTarget, Resource } from '../../../plugin-api/declare/resource.ts';
import { presentOne } from '../../engine/present.ts';
import { readRow } from '../../engine/read-rows.ts';
import { accessPolicyModel } from '../models.ts';

const fields: Record<string, Field> = {
  ...identityFields(accessPolicyModel),
  permissions_assignment: list(object(), {
    help: 'The old name of creation_hooks.',
    required: false,
    column: false,
    read: (row) => row.creation_hooks ?? null,
  }),
  creation_hooks: list(object(), { help: 'What gives roles on new objects.', required: false }),
  statements: list(object(), { help: 'Who may do what under which conditions.' }),
  viewset_name: string({ help: 'The view it is about.', readOnly: true }),
  customized: boolean({ help: 'Whether it was changed by hand.', readOnly: true }),
  // null switches it off; the document of Pulp does not tell
  queryset_scoping: object({
    help: 'What hides rows from who may not view them.',
    required: false,
    nullable: true,
    schema: { nullable: undefined },
  }),
};

function withoutAlias(values: Values): Values {
  const { permissions_assignment: old, ...rest } = values;
  if (old === undefined) return rest;
  if (rest.creation_hooks !== undefined && JSON.stringify(rest.creation_hooks) !== JSON.stringify(old)) {
    throw ValidationError.cross("'permissions_assignment' is the old name of 'creation_hooks': they must not differ.");
  }
  return { ...rest, creation_hooks: old };
}

async function reset(request: RequestContext, target: ActionTarget, catalogue: AccessCatalogue): Promise<Answer> {
  const policy = catalogue.policies.get(String(target.row.viewset_name));
  if (!policy) throw new HttpError(409, 'This version of the software has no such view.');
  await resetPolicy(request.db, target.id, policy);
  const resource = accessPolicyResource(() => catalogue);
  const row = await readRow(request.db, resource, request.domain, target.id);
  return { status: 200, body: await presentOne(resource, row ?? target.row, request) };
}

export function accessPolicyResource(catalogue: () => AccessCatalogue): Resource {
  const resetAction: Action = {
    name: 'reset',
    method: 'post',
    detail: true,
    summary: 'Reset the access policy to its default',
    description: 'Brings back the policy of the software; changes made by hand are gone.',
    output: { 200: { component: 'AccessPolicy' } },
    run: (request, target) => reset(request, target, catalogue()),
  };
  return {
    model: accessPolicyModel,
    tag: 'Access_Policies',
    operation: 'access_policies',
    hrefName: 'access_policy_href',
    component: 'AccessPolicy',
    noun: 'access policy',
    description: 'Who may do what with a view.',
    table: {
      name: 'access_policy',
      from: sql.raw('access_policy t'),
      key: 'pulp_id',
      newest: sql.raw('t.pulp_id'),
      inDomain: false,
    },
    fields,
    filters: {
      viewset_name: textFilter(sql.raw('t.viewset_name')),
      customized: booleanFilter(sql.raw('t.customized')),
    },
    ordering: [...COMMON_ORDERING, 'creation_hooks', 'statements', 'viewset_name', 'customized', 'queryset_scoping'],
    operations: { list: true, read: true, update: 'now' },
    actions: [resetAction],
    validate: (values) => withoutAlias(values),
    afterSave: async (tx, id, values) => {
      // Fields that nobody may write are passed over, and change nothing.
      if (Object.keys(values).length === 0) return;
      await markCustomized(tx, id);
    },
  };
}
