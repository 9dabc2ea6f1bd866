/** Walks the content of repository versions in batches, in growing order of ids. */
import type { Queryable } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { inVersion, type VersionPlace } from '../../model/repositories/membership.ts';

const BATCH = 2000;

/** Ids of the units of a version. */
export async function* contentIds(db: Queryable, version: VersionPlace): AsyncGenerator<number[]> {
  for (let after = 0; ; ) {
    const rows = await db.rows<{ content_id: number }>(sql`
      select rc.content_id from repository_content rc where ${inVersion(version)} and rc.content_id > ${after}
        order by rc.content_id limit ${BATCH}`);
    if (rows.length === 0) return;
    after = rows.at(-1)!.content_id;
    yield rows.map((row) => row.content_id);
  }
}

/** Condition on `a`: none of these versions has it. */
export function notIn(versions: readonly VersionPlace[]): Sql {
  const parts = versions.map(
    (
      version,
    ) => sql`not exists (select from content_artifact own join repository_content rc on rc.content_id = own.content_id
      where own.artifact_id = a.id and ${inVersion(version)})`,
  );
  return sql.and([sql.raw('true'), ...parts]);
}

/** Whether a unit of one of the versions has no bytes here. */
export async function lacksBytes(db: Queryable, versions: readonly VersionPlace[]): Promise<boolean> {
  for (const version of versions) {
    const row =
      await db.row(sql`select from repository_content rc join content_artifact ca on ca.content_id = rc.content_id
      where ${inVersion(version)} and ca.artifact_id is null limit 1`);
    if (row) return true;
  }
  return false;
}
