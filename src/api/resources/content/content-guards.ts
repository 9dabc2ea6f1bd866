/** The content guards of the core: by role, by header, by a variable of the server, by signed link, and combinations (core.md §6). */
import { randomBytes } from 'node:crypto';
import { sql } from '../../../db/sql.ts';
import { ValidationError } from '../../../lib/errors.ts';
import { setGuardMembers, setGuardSecrets } from '../../../model/guard.ts';
import { type Field, list, nested, reference, string } from '../../../plugin-api/declare/field.ts';
import { GUARD, type GuardNames } from '../../../plugin-api/declare/guard-type.ts';
import { identityOf } from '../../../plugin-api/declare/names-of-type.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { guardResource } from '../../types/guard-resource.ts';
import { groupFields, memberFields } from '../access/groups.ts';
import { holdersOf } from './guard-holders.ts';

/** How they decide is told in content-app/guards. */
const coreGuard = (declaration: Omit<GuardNames, 'app'>): Resource => {
  const names = { ...declaration, app: 'core' };
  return guardResource({ ...names, ...identityOf(GUARD, names) });
};

const detail = (help: string): Field => string({ help, detail: true });

export const rbacGuard = coreGuard({
  name: 'RBACContentGuard',
  type: 'rbac',
  description: 'Lets those pass who may download.',
  hasRoles: true,
  fields: {
    users: list(nested('GroupUser', memberFields), {
      help: 'Users who may download.',
      readOnly: true,
      column: false,
      load: (rows, p) => holdersOf('user', rows, p),
    }),
    groups: list(nested('Group', groupFields), {
      help: 'Groups who may download.',
      readOnly: true,
      column: false,
      load: (rows, p) => holdersOf('group', rows, p),
    }),
  },
});

const headerName = detail('The header that is looked at.');

export const headerGuard = coreGuard({
  name: 'HeaderContentGuard',
  type: 'header',
  description: 'Lets those pass whose header has a certain value in base64.',
  hasRoles: true,
  fields: {
    header_name: headerName,
    header_value: detail('The value it has to have.'),
    jq_filter: string({
      help: 'A jq filter whose first result has to be the value; the header is then JSON in base64.',
      nullable: true,
      detail: true,
    }),
  },
});

export const envvarHeaderGuard = coreGuard({
  name: 'EnvVarHeaderContentGuard',
  type: 'envvar_header',
  description: 'Lets those pass whose header equals a variable of the content process in base64.',
  hasRoles: true,
  fields: { header_name: headerName, env_var: detail('The name of the environment variable.') },
  validate: (values, request) => {
    const { envvarHeaderContentGuardAllowedVars: allowed } = request.services.settings;
    if (typeof values.env_var === 'string' && !allowed.includes(values.env_var)) {
      const message = `Environment variable '${values.env_var}' is not in ENVVAR_HEADER_CONTENT_GUARD_ALLOWED_VARS.`;
      throw ValidationError.field('env_var', message);
    }
    return values;
  },
});

/** The key of its links is made with it and never told. */
const redirectGuard = coreGuard({
  name: 'ContentRedirectContentGuard',
  type: 'content_redirect',
  description: 'Lets those pass whose link this server has signed within the last hour.',
  hasRoles: true,
  afterSave: async (tx, id, _values, { secrets }, created) => {
    if (!created) return;
    const key = randomBytes(32).toString('hex');
    await setGuardSecrets(tx, id, secrets.encrypt(key));
  },
});

const compositeGuard = coreGuard({
  name: 'CompositeContentGuard',
  type: 'composite',
  description: 'Lets those pass whom one of its guards lets pass; without guards everybody.',
  hasRoles: true,
  fields: {
    guards: list(reference('content_guard', { schema: { nullable: true } }), {
      help: 'The guards of which one has to let the request pass.',
      required: false,
      column: false,
      load: async (rows, presenter) => {
        const found = await presenter.services.db.rows<{ guard_id: string; member_id: string; pulp_type: string }>(
          sql`select m.guard_id, m.member_id, g.pulp_type from content_guard_member m join content_guard g on g.pulp_id = m.member_id
            where m.guard_id = any(${rows.map((row) => row.pulp_id)}::uuid[]) order by m.position`,
        );
        const members = Map.groupBy(found, (one) => one.guard_id);
        return rows.map((row) =>
          (members.get(String(row.pulp_id)) ?? []).map((one) =>
            presenter.hrefOfType('content_guard', one.pulp_type, one.member_id),
          ),
        );
      },
    }),
  },
  validate: async (values, request, existing) => {
    if (existing && values.guards)
      await refuseCircle(values.guards as { id: string }[], String(existing.pulp_id), request.db);
    return values;
  },
  afterSave: async (tx, id, values) => {
    if (Array.isArray(values.guards)) await setGuardMembers(tx, id, values.guards as string[]);
  },
});

/** A guard that were a member of itself, directly or through others, could never be evaluated to an end. */
async function refuseCircle(
  members: readonly { id: string }[],
  id: string,
  db: { row<T>(query: ReturnType<typeof sql>): Promise<T | undefined> },
): Promise<void> {
  const found = await db.row(sql`with recursive below (id) as (
      select unnest(${members.map((one) => one.id)}::uuid[])
      union select m.member_id from content_guard_member m join below on m.guard_id = below.id)
    select 1 from below where id = ${id}`);
  if (found) throw ValidationError.field('guards', 'A composite guard cannot contain itself.');
}

export const contentGuards: readonly Resource[] = [
  rbacGuard,
  headerGuard,
  envvarHeaderGuard,
  redirectGuard,
  compositeGuard,
];
