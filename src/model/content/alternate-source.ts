/** Alternate content sources: their paths and the hidden repositories that list what they have. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

/** Whether a repository holds what an alternate content source has. */
export async function isAlternateRepository(db: Queryable, repositoryPulpId: string): Promise<boolean> {
  const row = await db.row<{ is: boolean }>(
    sql`select exists (select from alternate_content_source_path where repository_id = ${repositoryPulpId}) as is`,
  );
  return row!.is;
}
