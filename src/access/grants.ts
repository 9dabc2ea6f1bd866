/** What a caller holds: permissions everywhere, in the domain of the request and on one object, in one query. */
import type { Queryable } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { User } from '../plugin-api/contracts/context.ts';

/** An object as roles name it. */
export interface ObjectKey {
  /** `file.filerepository` */
  readonly label: string;
  readonly id: string;
}

export interface Grants {
  /** The id of the user, and those of the user's groups below zero, as assignments keep them. */
  readonly holders: readonly number[];
  readonly groups: readonly string[];
  readonly everywhere: ReadonlySet<string>;
  readonly inDomain: ReadonlySet<string>;
  /** On the object that was asked about. */
  readonly onObject: ReadonlySet<string>;
  /** Count of changes of policies so far. */
  readonly generation: number;
}

interface GrantsRow {
  holders: number[];
  groups: string[];
  everywhere: string[];
  in_domain: string[];
  on_object: string[];
  generation: number;
}

/** Of who has not logged in. */
export const NOBODY: Grants = {
  holders: [],
  groups: [],
  everywhere: new Set(),
  inDomain: new Set(),
  onObject: new Set(),
  generation: 0,
};

/** Integer ids (of groups) as object ids of assignments. */
export function objectKey(id: string | number): string {
  const text = String(id);
  return /^\d+$/.test(text) ? `00000000-0000-0000-0000-${Number(text).toString(16).padStart(12, '0')}` : text;
}

/** The id behind an object id of an assignment. */
export function idOfObjectKey(key: string, integer: boolean): string {
  return integer ? String(Number.parseInt(key.slice(-12), 16)) : key;
}

/** Each part looks up a few rows by an index on holders, however many objects there are. */
export async function loadGrants(
  db: Queryable,
  user: User | null,
  domainId: number,
  object?: ObjectKey,
): Promise<Grants> {
  if (!user) return { ...NOBODY, generation: await policyGeneration(db) };
  const row = await db.row<GrantsRow>(sql`
    with holders as materialized (
      select ${user.id}::integer as holder union all select -group_id from app_group_user where user_id = ${user.id})
    select (select array_agg(holder) from holders) as holders,
      array(select g.name from app_group_user m join app_group g on g.id = m.group_id where m.user_id = ${user.id}) as groups,
      array(select distinct unnest(r.permissions) from role_assignment a join role r on r.id = a.role_id
        where a.holder in (select holder from holders) and a.object_id is null and a.domain_id is null) as everywhere,
      array(select distinct unnest(r.permissions) from role_assignment a join role r on r.id = a.role_id
        where a.holder in (select holder from holders) and a.object_id is null and a.domain_id = ${domainId}) as in_domain,
      array(select distinct unnest(r.permissions) from role_assignment a join role r on r.id = a.role_id
        where a.holder in (select holder from holders) and a.model = ${object?.label ?? null}
          and a.object_id = ${object?.id ?? null}::uuid) as on_object,
      (select generation from access_state) as generation`);
  return limited(user, {
    holders: row!.holders,
    groups: row!.groups,
    everywhere: new Set(row!.everywhere),
    inDomain: new Set(row!.in_domain),
    onObject: new Set(row!.on_object),
    generation: Number(row!.generation),
  });
}

/** Count of changes of policies so far. */
async function policyGeneration(db: Queryable): Promise<number> {
  const row = await db.row<{ generation: number }>(sql`select generation from access_state`);
  return Number(row?.generation ?? 0);
}

/** A token for certain permissions gives no others; one of a superuser gives just these. */
function limited(user: User, grants: Grants): Grants {
  const { limit } = user;
  if (!limit) return grants;
  const all = new Set(limit.permissions);
  const within = (held: ReadonlySet<string>) => held.intersection(all);
  return {
    ...grants,
    everywhere: limit.ofSuperuser ? all : within(grants.everywhere),
    inDomain: within(grants.inDomain),
    onObject: within(grants.onObject),
  };
}

/** Whether one of the permissions is held by an assignment on the object itself. */
export async function heldOnObject(
  db: Queryable,
  user: User | null,
  grants: Grants,
  permissions: readonly string[],
  object: ObjectKey,
): Promise<boolean> {
  const asked = user?.limit ? permissions.filter((one) => user.limit!.permissions.includes(one)) : permissions;
  if (grants.holders.length === 0 || asked.length === 0) return false;
  const found = await db.row(sql`select 1 from role_assignment a join role r on r.id = a.role_id
    where a.holder = any(${grants.holders}::integer[]) and a.model = ${object.label} and a.object_id = ${object.id}::uuid
      and r.permissions && ${asked}::text[] limit 1`);
  return found !== undefined;
}

/** Permissions held by assignments on an object itself. */
export async function permissionsOnObject(db: Queryable, user: User, object: ObjectKey): Promise<string[]> {
  const rows = await db.rows<{ permission: string }>(sql`select distinct unnest(r.permissions) as permission
    from role_assignment a join role r on r.id = a.role_id
    where a.model = ${object.label} and a.object_id = ${object.id}::uuid
      and a.holder in (select ${user.id}::integer union all select -group_id from app_group_user where user_id = ${user.id})`);
  const held = rows.map(({ permission }) => permission);
  return user.limit ? held.filter((one) => user.limit!.permissions.includes(one)) : held;
}
