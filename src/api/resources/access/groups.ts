/** Groups of users and their members (core.md §7.2). */
import { sql } from '../../../db/sql.ts';
import { HttpError, ValidationError } from '../../../lib/errors.ts';
import { addToGroup, removeFromGroup } from '../../../model/access/account.ts';
import type { Answer, RequestContext } from '../../../plugin-api/contracts/context.ts';
import { identityFields } from '../../../plugin-api/declare/common-fields.ts';
import { type Field, integer, type Row, string, type Values } from '../../../plugin-api/declare/field.ts';
import { integerFilter, textFilter } from '../../../plugin-api/declare/filter.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { deleteNow } from '../../types/dry-run.ts';
import { groupModel, groupUserModel } from '../models.ts';

const { pulp_href, prn } = identityFields(groupModel);

export const groupFields: Record<string, Field> = {
  name: string({ help: 'A name that no other group has.', maxLength: 150 }),
  pulp_href: pulp_href!,
  prn: prn!,
  id: integer({ readOnly: true }),
};

export const groupResource: Resource = {
  model: groupModel,
  tag: 'Groups',
  operation: 'groups',
  hrefName: 'group_href',
  component: 'Group',
  noun: 'group',
  description: 'Groups of users, to give roles to all of them at once.',
  table: { name: 'app_group', from: sql.raw('app_group t'), key: 'id', newest: sql.raw('t.id'), inDomain: false },
  fields: groupFields,
  filters: {
    id: integerFilter(sql.raw('t.id'), ['', 'in']),
    name: textFilter(sql.raw('t.name'), { lookups: ['', 'contains', 'icontains', 'iexact', 'in'] }),
  },
  ordering: ['id', 'name', 'pk'],
  operations: { list: true, read: true, create: 'now', update: 'now', delete: 'now' },
  actions: [],
  unique: [
    { fields: ['name'], constraint: 'app_group_name_unique', body: () => ({ name: ['This field must be unique.'] }) },
  ],
  hasRoles: true,
};

type Params = Readonly<Record<string, string>>;

/** The id of a group or user named in the path. */
export async function requireParentId(
  request: RequestContext,
  params: Params,
  table: string,
  model: string,
): Promise<number> {
  const id = /^\d{1,9}$/.test(params.parent ?? '') ? Number(params.parent) : undefined;
  const row =
    id === undefined ? undefined : await request.db.row(sql`select 1 from ${sql.ident(table)} where id = ${id}`);
  if (id === undefined || !row) throw new HttpError(404, `No ${model} matches the given query.`);
  return id;
}

export const memberFields: Record<string, Field> = {
  username: string({ help: 'The name to log in with.', maxLength: 150 }),
  pulp_href: string({
    format: 'uri',
    readOnly: true,
    column: false,
    read: (row, presenter) => presenter.href('auth.user', String(row.id)),
  }),
  prn: string({ readOnly: true, column: false, read: (row) => `prn:auth.user:${row.id}` }),
};

/** The keys by which a member may be named, hidden from the document as in Pulp. */
const KEYS = ['username', 'id', 'pk'] as const;

async function addMember(values: Values, request: RequestContext, params: Params): Promise<Answer> {
  const group = await requireParentId(request, params, 'app_group', 'Group');
  const user = await namedUser(values, request);
  await addToGroup(request.db, group, user.id);
  const href = request.href('auth.user', String(user.id));
  return {
    status: 201,
    body: { username: user.username, pulp_href: href, prn: `prn:auth.user:${user.id}` },
    headers: { Location: href },
  };
}

async function namedUser(values: Values, request: RequestContext): Promise<{ id: number; username: string }> {
  const given = KEYS.filter((one) => values[one] !== undefined && values[one] !== null);
  if (given.length === 0)
    throw new ValidationError(["Please provide one of the following values for User: 'pk', 'id', 'username'"]);
  const conditions = given.map((key) => {
    const value = String(values[key]);
    if (key === 'username') return sql`username = ${value}`;
    return /^\d{1,9}$/.test(value) ? sql`id = ${Number(value)}` : sql.raw('false');
  });
  const user = await request.db.row<{ id: number; username: string }>(
    sql`select id, username from app_user where ${sql.and(conditions)}`,
  );
  if (!user) throw new ValidationError([`Could not find user ${given.map((key) => values[key]).join(', ')}`]);
  return user;
}

async function removeMember(row: Row, request: RequestContext): Promise<Answer> {
  return await deleteNow(request, (tx) => removeFromGroup(tx, row.member_of, row.id));
}

const keyField = string({ required: false, nullable: true, writeOnly: true, column: false });

export const groupUserResource: Resource = {
  model: groupUserModel,
  tag: 'Groups: Users',
  operation: 'groups_users',
  hrefName: 'groups_user_href',
  parentHref: 'group_href',
  component: 'GroupUser',
  noun: 'user',
  description: 'Members of a group.',
  table: {
    name: 'app_group_user',
    from: sql.raw('app_group_user m join app_user t on t.id = m.user_id'),
    key: 'id',
    newest: sql.raw('-t.id'),
    inDomain: false,
    columns: [sql.raw('m.group_id as member_of')],
    parent: async (request, params) =>
      sql`m.group_id = ${await requireParentId(request, params, 'app_group', 'Group')}`,
  },
  fields: memberFields,
  hiddenInput: { username: { ...keyField, maxLength: 150 }, id: keyField, pk: keyField },
  filters: {},
  ordering: ['pk'],
  without: ['q', 'ordering', 'prn__in', 'pulp_href__in', 'pulp_id__in'],
  operations: { list: true, create: 'now', delete: 'now' },
  actions: [],
  createNow: addMember,
  deleteTask: removeMember,
};
