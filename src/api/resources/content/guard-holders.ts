/** Who may download what a role-based guard guards: the users and groups with a role on it. */
import { sql } from '../../../db/sql.ts';
import type { Presenter } from '../../../plugin-api/contracts/context.ts';
import type { Row } from '../../../plugin-api/declare/field.ts';

const DOWNLOAD = 'core.download_rbaccontentguard';

interface Holder {
  object_id: string;
  id: number;
  name: string;
}

/** For each guard the users, or groups, that hold the right on the guard itself; rights held everywhere are not listed. */
export async function holdersOf(
  kind: 'user' | 'group',
  rows: readonly Row[],
  presenter: Presenter,
): Promise<object[][]> {
  const held = sql`from role_assignment a join role r on r.id = a.role_id`;
  const condition = sql`a.object_id = any(${rows.map((row) => row.pulp_id)}::uuid[]) and a.model = 'core.rbaccontentguard'
    and r.permissions @> array[${DOWNLOAD}]`;
  const query =
    kind === 'user'
      ? sql`select distinct a.object_id, u.id, u.username as name ${held} join app_user u on u.id = a.user_id where ${condition} order by 2`
      : sql`select distinct a.object_id, g.id, g.name ${held} join app_group g on g.id = a.group_id where ${condition} order by 2`;
  const found = Map.groupBy(await presenter.services.db.rows<Holder>(query), (one) => one.object_id);
  const shown = kind === 'user' ? userOf : groupOf;
  return rows.map((row) => (found.get(String(row.pulp_id)) ?? []).map((one) => shown(one, presenter.globalPrefix)));
}

function userOf({ id, name }: Holder, prefix: string): object {
  return { username: name, pulp_href: `${prefix}users/${id}/`, prn: `prn:auth.user:${id}` };
}

function groupOf({ id, name }: Holder, prefix: string): object {
  return { name, pulp_href: `${prefix}groups/${id}/`, prn: `prn:core.group:${id}`, id };
}
