/** Finds what an operator names: repositories, distributions and publications by name, PRN, href or id. */

import type { Queryable } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { lastUuid } from '../../lib/text/uuid.ts';
import { OperatorError } from './operator-error.ts';

/** The last id in an href, a PRN or the text itself. */
export function idIn(text: string): string | undefined {
  return lastUuid(text);
}

/** Ids of the rows of a table by their names or ids, in a domain if one is given; throws for each that is not there. */
export async function findByNames(
  db: Queryable,
  table: 'repository' | 'distribution' | 'publication',
  names: readonly string[],
  domain?: string,
): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const id = idIn(name);
    const condition: Sql = id === undefined ? sql`t.name = ${name}` : sql`t.pulp_id = ${id}::uuid`;
    if (id === undefined && table === 'publication') throw new OperatorError(`${name} is no id of a publication.`);
    const rows = await db.rows<{ pulp_id: string }>(sql`
      select t.pulp_id from ${sql.ident(table)} t join domain d on d.id = t.domain_id
        where ${condition} ${domain === undefined ? sql.empty : sql`and d.name = ${domain}`}`);
    if (rows.length === 0) throw new OperatorError(`There is no ${table} ${name}.`);
    found.push(...rows.map((row) => row.pulp_id));
  }
  return found;
}

export async function findDomain(db: Queryable, name: string): Promise<{ id: number; pulpId: string; name: string }> {
  const row = await db.row<{ id: number; pulpId: string; name: string }>(
    sql`select id, pulp_id as "pulpId", name from domain where name = ${name}`,
  );
  if (!row) throw new OperatorError(`There is no domain ${name}.`);
  return row;
}
