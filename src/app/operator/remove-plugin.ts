/** Removes everything a package type has in the database, its tables included; nothing may run meanwhile. */

import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { liveProcesses } from '../../engines/backup/clear-database.ts';
import { removePackageType } from '../../model/package-type.ts';
import type { Program } from '../program/program.ts';
import { OperatorError } from './operator-error.ts';

/** Rows removed by table. Artifacts that nothing uses any more go with the next clean-up of orphans. */
export async function removePlugin(db: Database, program: Program, name: string): Promise<Record<string, number>> {
  if (name === 'core') throw new OperatorError('The core cannot be removed.');
  const applied = await db.rows<{ name: string }>(sql`select name from schema_migration where component = ${name}`);
  const known = await tablesOf(db, program, name);
  if (applied.length === 0 && known.length === 0) throw new OperatorError(`There is no package type ${name}.`);
  const live = await liveProcesses(db);
  if (live.length > 0) throw new OperatorError(`Stop the processes of the server first: ${live.join(', ')}.`);
  return await db.transaction(async (tx) => {
    const removed = await removePackageType(tx, name);
    for (const table of known) await tx.run(sql`drop table if exists ${sql.ident(table)} cascade`.unprepared);
    await tx.run(sql`delete from schema_migration where component = ${name}`);
    return removed;
  });
}

/** Tables that the package type makes, as far as the database has them; one that is not installed any more tells none. */
async function tablesOf(db: Database, { plugins }: Program, name: string): Promise<string[]> {
  const plugin = plugins.find((one) => one.name === name);
  const made = [...(plugin?.contentTypes ?? []).map(({ table }) => table), ...(plugin?.tables ?? [])];
  const rows = await db.rows<{ name: string }>(sql`
    select c.relname::text as name from pg_class c where c.relnamespace = current_schema()::regnamespace
      and c.relkind = 'r' and c.relname = any(${made}::text[])`);
  return rows.map(({ name }) => name);
}
