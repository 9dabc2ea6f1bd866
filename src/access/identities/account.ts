/** An account as authentication reads it. */
import { sql } from '../../db/sql.ts';
import type { User } from '../../plugin-api/contracts/context.ts';

export interface AccountRow {
  readonly id: number;
  readonly username: string;
  readonly is_active: boolean;
  readonly is_staff: boolean;
  readonly is_superuser: boolean;
  readonly policies: number;
}

/** Columns of an account for `app_user u`, with the count of changes of policies. */
export const accountColumns = sql.raw(
  'u.id, u.username, u.is_active, u.is_staff, u.is_superuser, (select generation from access_state) as policies',
);

export function toUser(row: AccountRow): User {
  const { id, username, is_superuser: isSuperuser, is_staff: isStaff } = row;
  return { id, username, isSuperuser, isStaff, policies: Number(row.policies) };
}
