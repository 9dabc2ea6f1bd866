/** API tokens of users and robot accounts: an addition of this server. */

import type { AccessCatalogue } from '../../../access/catalogue.ts';
import { newToken } from '../../../access/identities/api-tokens.ts';
import { sql } from '../../../db/sql.ts';
import { HttpError, ValidationError } from '../../../lib/errors.ts';
import { uuid7 } from '../../../lib/text/uuid7.ts';
import { insertToken } from '../../../model/access/api-token.ts';
import type { Answer, RequestContext } from '../../../plugin-api/contracts/context.ts';
import { identityFields } from '../../../plugin-api/declare/common-fields.ts';
import {
  choice,
  datetime,
  type Field,
  list,
  reference,
  string,
  type Values,
} from '../../../plugin-api/declare/field.ts';
import { dateFilter, referenceFilter, textFilter } from '../../../plugin-api/declare/filter.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { presentOne } from '../../engine/present.ts';
import { readRow } from '../../engine/read-rows.ts';
import { tokenModel } from '../models.ts';

const fields: Record<string, Field> = {
  ...identityFields(tokenModel),
  name: string({ help: 'A name that no other token of the user has.', maxLength: 150 }),
  user: reference('auth.user', {
    help: 'Whose it is; the caller by default. Only administrators make tokens for others.',
    required: false,
    column: false,
    read: (row, presenter) => presenter.href('auth.user', String(row.user_id)),
  }),
  scope: choice('TokenScopeEnum', ['read', 'read-write', 'permissions'], {
    help: 'What it gives of the rights of its user: reading, everything, or certain permissions.',
    default: 'read-write',
  }),
  permissions: list(string(), {
    help: 'With scope permissions: which, as <app>.<codename>.',
    default: [],
    column: false,
    read: (row) => row.permissions,
  }),
  expires_at: datetime({ help: 'Until when it can be used; null for ever.', nullable: true }),
  last_used: datetime({ help: 'About when it was last used.', nullable: true, readOnly: true }),
  token: string({
    help: 'The token, told only when it is made.',
    readOnly: true,
    column: false,
    read: () => undefined,
  }),
};

function checked(values: Values, request: RequestContext, catalogue: AccessCatalogue): Values {
  if (request.user!.byToken) throw new HttpError(403, 'Tokens are not made with tokens: log in with a password.');
  const permissions = values.permissions as string[];
  if (values.scope === 'permissions' && permissions.length === 0) {
    throw ValidationError.field('permissions', 'This list may not be empty.');
  }
  if (values.scope !== 'permissions' && permissions.length > 0) {
    throw ValidationError.field('permissions', 'Only tokens of the scope permissions have some.');
  }
  const unknown = permissions.find((one) => !catalogue.has(one));
  if (unknown !== undefined) throw ValidationError.field('permissions', `Permission '${unknown}' does not exist.`);
  if (typeof values.expires_at === 'string' && Date.parse(values.expires_at) <= Date.now()) {
    throw ValidationError.field('expires_at', 'This lies in the past.');
  }
  return values;
}

async function create(values: Values, request: RequestContext, resource: Resource): Promise<Answer> {
  const caller = request.user!;
  const userId = Number((values.user as { id: string } | undefined)?.id ?? caller.id);
  if (userId !== caller.id && !caller.isSuperuser)
    throw new HttpError(403, 'You do not have permission to perform this action.');
  const { token, digest } = newToken();
  const id = uuid7();
  const { name, scope, permissions, expires_at: expiresAt = null } = values;
  const made = await insertToken(request.db, { id, userId, name, digest, scope, permissions, expiresAt });
  if (!made) throw ValidationError.field('name', 'This field must be unique.');
  const row = await readRow(request.db, resource, request.domain, id);
  const body = await presentOne(resource, row!, request);
  return {
    status: 201,
    body: { ...body, token },
    headers: { Location: String(body.pulp_href), 'Cache-Control': 'no-store' },
  };
}

export function tokenResource(catalogue: () => AccessCatalogue): Resource {
  const resource: Resource = {
    model: tokenModel,
    tag: 'Tokens',
    operation: 'tokens',
    hrefName: 'token_href',
    component: 'Token',
    noun: 'token',
    description: 'Tokens that stand for a user, with all of his rights or a part of them. Deleting one revokes it.',
    table: {
      name: 'api_token',
      from: sql.raw('api_token t'),
      key: 'pulp_id',
      newest: sql.raw('t.pulp_id'),
      inDomain: false,
    },
    fields,
    filters: {
      name: textFilter(sql.raw('t.name')),
      user: referenceFilter(sql.raw('t.user_id'), 'auth.user'),
      expires_at: dateFilter(sql.raw('t.expires_at')),
    },
    ordering: ['pulp_id', 'pulp_created', 'name', 'expires_at', 'last_used', 'pk'],
    operations: { list: true, read: true, create: 'now', delete: 'now' },
    actions: [],
    validate: (values, request) => checked(values, request, catalogue()),
    createNow: (values, request) => create(values, request, resource),
  };
  return resource;
}
