/** What a transaction has deleted, with everything that went by cascade, counted by the names that clients know. */
import type { Queryable } from '../db/database.ts';
import { sql } from '../db/sql.ts';

/** Objects by model, such as `core.RepositoryVersion`. */
type DeletedRows = Record<string, number>;

/** The declared models. */
interface TableNames {
  nameOfTable(table: string): string | undefined;
}

/** Where Pulp's name is neither that of the model nor that of the table. */
const NAMES: Readonly<Record<string, string>> = {
  app_group_user: 'core.User_groups',
  role_assignment: 'core.UserRole',
};

/** Counters and logs that follow the objects by themselves. */
export const INTERNAL: readonly string[] = [
  'content_count',
  'event',
  'session',
  'task_resource',
  'distribution_switch',
  'sub_repository',
];

/**
 * Counts what the work deletes. The numbers of the session can hold those of transactions before this one until the server
 * has collected them, which it does between transactions only: so the difference is exact.
 */
export async function countingDeleted<T>(
  tx: Queryable,
  models: TableNames,
  work: () => Promise<T>,
): Promise<{ answer: T; deleted: DeletedRows }> {
  const before = await counted(tx);
  const answer = await work();
  const deleted: DeletedRows = {};
  for (const [table, rows] of await counted(tx)) {
    const count = rows - (before.get(table) ?? 0);
    if (count > 0 && !INTERNAL.includes(table)) deleted[modelOfTable(models, table)] = count;
  }
  return { answer, deleted };
}

async function counted(tx: Queryable): Promise<Map<string, number>> {
  const rows = await tx.rows<{ table: string; count: number }>(sql`
    select relname as table, n_tup_del as count from pg_stat_xact_user_tables where n_tup_del > 0 order by relname`);
  return new Map(rows.map(({ table, count }) => [table, count]));
}

/** `repository_version` → `core.RepositoryVersion`, `file_content` → `file.FileContent` */
export function modelOfTable(models: TableNames, table: string): string {
  if (NAMES[table]) return NAMES[table];
  const declared = models.nameOfTable(table);
  if (declared) return declared;
  const name = table.replace(/(^|_)([a-z])/g, (_match, _mark, letter: string) => letter.toUpperCase());
  return `core.${name}`;
}
