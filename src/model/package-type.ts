/** Everything a package type has in the tables of the core. */
import type { Transaction } from '../db/database.ts';
import { sql } from '../db/sql.ts';

/** Master tables in an order in which nothing that is still named goes first. */
const MASTERS = [
  'distribution',
  'publication',
  'repository',
  'alternate_content_source',
  'remote',
  'content_guard',
] as const;

/** Rows removed by table. Artifacts that nothing uses any more go with the next clean-up of orphans. */
export async function removePackageType(tx: Transaction, name: string): Promise<Record<string, number>> {
  const removed: Record<string, number> = {};
  for (const table of MASTERS) {
    removed[table] = await tx.run(sql`delete from ${sql.ident(table)} where starts_with(pulp_type, ${`${name}.`})`);
  }
  const own = sql`content_id in (select id from content where starts_with(pulp_type, ${`${name}.`}))`;
  await tx.run(sql`delete from repository_content where ${own}`);
  await tx.run(sql`delete from remote_artifact
    where content_artifact_id in (select id from content_artifact where ${own})`);
  await tx.run(sql`delete from content_artifact where ${own}`);
  removed.content = await tx.run(sql`delete from content where starts_with(pulp_type, ${`${name}.`})`);
  return removed;
}
