/** Numbers for rows before they are written, so that rows that belong together can be written at once. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

/** Takes numbers from the sequence of a table's id. */
export async function takeIds(tx: Queryable, table: string, count: number): Promise<number[]> {
  const row = await tx.row<{ ids: number[] }>(sql`
    select array(select nextval(${`${table}_id_seq`}::regclass) from generate_series(1, ${count}::integer)) as ids`);
  return row!.ids;
}
