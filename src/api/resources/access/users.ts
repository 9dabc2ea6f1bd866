/** Accounts of people and robots (core.md §7.2). */

import { passwordProblems } from '../../../access/identities/password-rules.ts';
import { hashPassword } from '../../../access/identities/passwords.ts';
import type { Transaction } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { ValidationError } from '../../../lib/errors.ts';
import { deleteSessionsOf } from '../../../model/access/session.ts';
import type { Presenter } from '../../../plugin-api/contracts/context.ts';
import { identityFields } from '../../../plugin-api/declare/common-fields.ts';
import {
  boolean,
  datetime,
  type Field,
  integer,
  list,
  nested,
  type Row,
  string,
  type Values,
} from '../../../plugin-api/declare/field.ts';
import { booleanFilter, textFilter } from '../../../plugin-api/declare/filter.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { userModel } from '../models.ts';

const LOOKUPS = ['', 'contains', 'icontains', 'iexact', 'in'];
const EMAIL = /^[^\s@"'(),:;<>[\\\]]+@[^\s@]+\.[^\s@.]+$/;
const { pulp_href, prn } = identityFields(userModel);

export const emailField = string({
  help: 'E-mail address.',
  required: false,
  blank: true,
  format: 'email',
  check: (value) => (value === '' || EMAIL.test(String(value)) ? undefined : 'Enter a valid email address.'),
});
export const nameField = (help: string): Field => string({ help, required: false, blank: true, maxLength: 150 });

const groupFields: Record<string, Field> = {
  name: string({ help: 'Its name.', maxLength: 150 }),
  pulp_href: string({ format: 'uri', readOnly: true }),
  prn: string({ readOnly: true }),
};

/** Groups of many users in one query. */
async function groupsOf(rows: readonly Row[], presenter: Presenter): Promise<object[][]> {
  const found = await presenter.services.db.rows<{ user_id: number; id: number; name: string }>(
    sql`select m.user_id, g.id, g.name from app_group_user m join app_group g on g.id = m.group_id
      where m.user_id = any(${rows.map((row) => row.id)}::integer[]) order by g.id`,
  );
  const shown = ({ id, name }: { id: number; name: string }) => ({
    name,
    pulp_href: presenter.href('core.group', String(id)),
    // here, and only here, Pulp names groups after the framework's model
    prn: `prn:auth.group:${id}`,
  });
  return rows.map((row) => found.filter((one) => one.user_id === row.id).map(shown));
}

const hidden = nested('', { name: string(), is_set: boolean({ required: true }) });

const fields: Record<string, Field> = {
  pulp_href: pulp_href!,
  prn: prn!,
  id: integer({ readOnly: true }),
  username: string({ help: 'The name to log in with.', maxLength: 150 }),
  password: string({
    help: 'The password; null makes an account that cannot log in with one.',
    writeOnly: true,
    nullable: true,
    required: false,
    keepSpace: true,
  }),
  first_name: nameField('First name.'),
  last_name: nameField('Last name.'),
  email: emailField,
  is_staff: boolean({ help: 'Matched by the principal staff of access policies.', default: false }),
  is_active: boolean({ help: 'Whether the account can be used.', default: true }),
  date_joined: datetime({ help: 'When it was made.', readOnly: true }),
  groups: list(nested('UserGroup', groupFields), { readOnly: true, column: false, load: groupsOf }),
  hidden_fields: list(hidden, {
    help: 'Fields that are not shown, and whether they are set.',
    readOnly: true,
    column: false,
    read: (row) => [{ name: 'password', is_set: row.password !== null }],
  }),
};

/** New passwords must fulfil the rules; what is stored is their hash. */
async function hashed(values: Values, existing: Row | undefined): Promise<Values> {
  const { password } = values;
  if (typeof password !== 'string') return values;
  const problems = passwordProblems(password, [String(values.username ?? existing?.username ?? '')]);
  if (problems.length > 0) throw new ValidationError({ non_field_errors: problems });
  return { ...values, password: await hashPassword(password) };
}

/** Sessions end with the password they were opened with. */
async function endSessions(tx: Transaction, id: string, values: Values, created: boolean): Promise<void> {
  if (created || (values.password === undefined && values.is_active !== false)) return;
  await deleteSessionsOf(tx, id);
}

/** Somebody has to be able to give rights back. */
async function keepOneSuperuser(tx: Transaction, row: Row): Promise<void> {
  if (!row.is_superuser) return;
  const other = await tx.row(sql`select 1 from app_user where is_superuser and is_active and id <> ${row.id} limit 1`);
  if (!other) throw new ValidationError(['The last superuser cannot be deleted.']);
}

export const userResource: Resource = {
  model: userModel,
  tag: 'Users',
  operation: 'users',
  hrefName: 'auth_user_href',
  component: 'User',
  noun: 'user',
  description: 'Accounts of people and robots.',
  table: { name: 'app_user', from: sql.raw('app_user t'), key: 'id', newest: sql.raw('t.id'), inDomain: false },
  fields,
  filters: {
    username: textFilter(sql.raw('t.username'), { lookups: LOOKUPS }),
    first_name: textFilter(sql.raw('t.first_name'), { lookups: LOOKUPS }),
    last_name: textFilter(sql.raw('t.last_name'), { lookups: LOOKUPS }),
    email: textFilter(sql.raw('t.email'), { lookups: LOOKUPS }),
    is_active: booleanFilter(sql.raw('t.is_active')),
    is_staff: booleanFilter(sql.raw('t.is_staff')),
  },
  ordering: [
    'id',
    'password',
    'last_login',
    'is_superuser',
    'username',
    'first_name',
    'last_name',
    'email',
    'is_staff',
    'is_active',
    'date_joined',
    'pk',
  ],
  operations: { list: true, read: true, create: 'now', update: 'now', delete: 'now' },
  actions: [],
  unique: [
    {
      fields: ['username'],
      constraint: 'app_user_username_unique',
      body: () => ({ username: ['This field must be unique.'] }),
    },
  ],
  validate: (values, _request, existing) => hashed(values, existing),
  afterSave: (tx, id, values, _services, created) => endSessions(tx, id, values, created),
  beforeDelete: (tx, row) => keepOneSuperuser(tx, row),
};
