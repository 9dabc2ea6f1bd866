/** The account behind a running task, with the limit of the token it was asked for with: rights in tasks are those of the request. */
import { sql } from '../db/sql.ts';
import type { User } from '../plugin-api/contracts/context.ts';
import type { TaskContext } from '../plugin-api/contracts/task.ts';
import { type AccountRow, accountColumns, toUser } from './identities/account.ts';
import { withLimit } from './identities/api-tokens.ts';

/** Null when nobody has asked for the task, or the account is not active any more. */
export async function userOfTask({ db, task }: Pick<TaskContext, 'db' | 'task'>): Promise<User | null> {
  if (task.userId === null) return null;
  const row = await db.row<AccountRow>(
    sql`select ${accountColumns} from app_user u where u.id = ${task.userId} and u.is_active`,
  );
  if (!row) return null;
  return task.limit ? withLimit(toUser(row), task.limit) : toUser(row);
}
