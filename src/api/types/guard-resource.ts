/** The REST resource of a type of guards: core's fields and rules with what the type adds (core.md §6). */

import type { Transaction } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { ValidationError } from '../../lib/errors.ts';
import { announceGuardChange, deleteGuard, lockGuard } from '../../model/guard.ts';
import type { Answer, RequestContext } from '../../plugin-api/contracts/context.ts';
import { COMMON_ORDERING, identityFields, nameFilters } from '../../plugin-api/declare/common-fields.ts';
import { type Field, type Row, string } from '../../plugin-api/declare/field.ts';
import type { GuardNames } from '../../plugin-api/declare/guard-type.ts';
import { namesOf } from '../../plugin-api/declare/names.ts';
import type { TypeIdentity } from '../../plugin-api/declare/names-of-type.ts';
import { filtersOf } from '../../plugin-api/declare/names-of-type.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';
import { deleteNow } from './dry-run.ts';

const guardDescription: Field = string({ help: 'What the guard is for.', nullable: true });

const GUARD_ORDERING = [...COMMON_ORDERING, 'pulp_type', 'name', 'description'];

/** The resource of a declared type of guards. */
export function guardResource(type: GuardNames & TypeIdentity): Resource {
  const { model } = type;
  return {
    model,
    ...namesOf(model),
    noun: `${type.type} content guard`,
    description: type.description,
    table: {
      name: 'content_guard',
      from: sql.raw('content_guard t'),
      key: 'pulp_id',
      newest: sql.raw('t.pulp_id'),
      where: sql`t.pulp_type = ${model.pulpType}`,
      inDomain: true,
    },
    fields: {
      ...identityFields(model),
      name: string({ help: 'A name that no other guard of the domain has.' }),
      description: guardDescription,
      ...type.fields,
    },
    filters: filtersOf(type, nameFilters),
    ordering: GUARD_ORDERING,
    operations: { list: true, read: true, create: 'now', update: 'now', delete: 'now' },
    actions: [],
    unique: [
      {
        fields: ['name'],
        constraint: 'content_guard_name_unique',
        body: () => ({ name: ['This field must be unique.'] }),
      },
    ],
    hasRoles: type.hasRoles ?? false,
    ...(type.access && { access: type.access }),
    ...(type.validate && { validate: type.validate }),
    afterSave: async (tx, id, values, services, created) => {
      await type.afterSave?.(tx, id, values, services, created);
      if (!created) await announceGuardChange(tx, id);
    },
    deleteTask: deleteUnusedGuard,
  };
}

/** A guard in use is kept, as what it guards would be open to everybody afterwards; `?force=true` says that this is meant. */
async function deleteUnusedGuard(row: Row, request: RequestContext): Promise<Answer> {
  const id = String(row.pulp_id);
  const force = /^(true|1|yes|on)$/i.test(request.query.get('force') ?? '');
  return await deleteNow(request, async (tx) => {
    await lockGuard(tx, id);
    if (!force) await refuseUsed(tx, id, request.visible?.('distribution', 'd'));
    await deleteGuard(tx, id);
  });
}

/** How many users of a guard are named; those that the caller may not see stay without names. */
const NAMED = 20;

async function refuseUsed(tx: Transaction, id: string, seen: Sql | undefined): Promise<void> {
  const rows = await tx.rows<{ kind: string; name: string | null }>(sql`
    (select 'distribution' as kind, case when ${seen ?? sql.raw('true')} then d.name end as name from distribution d
      where d.content_guard_id = ${id} order by d.name limit ${NAMED})
    union all (select 'composite guard', g.name from content_guard_member m join content_guard g on g.pulp_id = m.guard_id
      where m.member_id = ${id} order by g.name limit ${NAMED})
    union all (select 'default of domain', name from domain where default_content_guard_id = ${id})`);
  if (rows.length === 0) return;
  const told = rows.map(({ kind, name }) => (name === null ? `a ${kind}` : `${kind} '${name}'`));
  const users = [...new Set(told)].join(', ');
  throw new ValidationError([
    `The content guard is used by ${users}, which would be open to everybody without it. Give them another guard first, or delete it with ?force=true.`,
  ]);
}
