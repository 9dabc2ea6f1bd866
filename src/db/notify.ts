/** Notifications as queries. */
import { type Sql, sql } from './sql.ts';

/** NOTIFY as a query, because the statement itself takes no parameters. */
export function notifyQuery(channel: string, payload: string): Sql {
  return sql`select pg_notify(${channel}, ${payload})`;
}
