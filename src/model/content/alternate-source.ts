/** Alternate content sources: their paths and the hidden repositories that list what they have. */
import type { Queryable, Transaction } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { uuid7, uuid7Batch } from '../../lib/text/uuid7.ts';
import { insertRepositories } from '../repositories/new-repository.ts';
import { deleteWithParts } from '../repositories/sub-repository.ts';

/** Whether a repository holds what an alternate content source has. */
export async function isAlternateRepository(db: Queryable, repositoryPulpId: string): Promise<boolean> {
  const row = await db.row<{ is: boolean }>(
    sql`select exists (select from alternate_content_source_path where repository_id = ${repositoryPulpId}) as is`,
  );
  return row!.is;
}

/**
 * Condition: the rows `alias` of remote_artifact are of a remote that has an alternate source now. `is_alternate` says only that it had
 * one when they were written or refreshed; it is there so that an index finds these rows by digest.
 */
export function isAlternate(alias: string): Sql {
  const t = sql.raw(alias);
  return sql`(${t}.is_alternate and exists (select from alternate_content_source source where source.remote_id = ${t}.remote_id))`;
}

/** Whether what a remote lists is also to be found as an alternate. */
export async function isSourceRemote(db: Queryable, remoteId: string): Promise<boolean> {
  const row = await db.row<{ is: boolean }>(
    sql`select exists (select from alternate_content_source where remote_id = ${remoteId}) as is`,
  );
  return row!.is;
}

/** What a remote has listed before it became a source counts from now on. */
export async function noteAlternates(tx: Transaction, remoteId: string): Promise<void> {
  await tx.run(sql`update remote_artifact set is_alternate = true where remote_id = ${remoteId} and not is_alternate`);
}

/** Keeps the paths that stay, with their hidden repositories. */
export async function setSourcePaths(tx: Transaction, sourceId: string, paths: readonly string[]): Promise<void> {
  const gone = await tx.rows<{ repository: string | null }>(sql`
    delete from alternate_content_source_path where source_id = ${sourceId} and not path = any(${paths})
      returning repository_id as repository`);
  await deleteHidden(
    tx,
    gone.map((row) => row.repository),
  );
  await tx.run(sql`insert into alternate_content_source_path (pulp_id, source_id, path)
    select i, ${sourceId}, p from unnest(${uuid7Batch(paths.length)}::uuid[], ${paths}::text[]) as u (i, p) on conflict do nothing`);
}

/** Before a source is deleted: its hidden repositories go. */
export async function dropSource(tx: Transaction, sourceId: string): Promise<void> {
  const paths = await tx.rows<{ repository: string | null }>(
    sql`select repository_id as repository from alternate_content_source_path where source_id = ${sourceId}`,
  );
  await deleteHidden(
    tx,
    paths.map((row) => row.repository),
  );
}

async function deleteHidden(tx: Transaction, pulpIds: readonly (string | null)[]): Promise<void> {
  const rows = await tx.rows<{ id: number }>(
    sql`select id from repository where pulp_id = any(${pulpIds.filter((id) => id !== null)}::uuid[]) order by id`,
  );
  await deleteWithParts(
    tx,
    rows.map((row) => row.id),
  );
}

export async function noteRefreshed(db: Queryable, sourceId: string): Promise<void> {
  await db.run(sql`update alternate_content_source set last_refreshed = now() where pulp_id = ${sourceId}`);
}

interface SourcePath {
  readonly pulpId: string;
  readonly path: string;
  /** The hidden repository; null until the first refresh. */
  readonly repositoryId: string | null;
  /** Name of the source. */
  readonly name: string;
}

/** A path by its id, locked until the transaction ends. */
export async function lockSourcePath(
  tx: Transaction,
  domainId: number,
  pathId: string,
): Promise<SourcePath | undefined> {
  return await tx.row<SourcePath>(sql`
    select p.pulp_id as "pulpId", p.path, p.repository_id as "repositoryId", s.name from alternate_content_source_path p
      join alternate_content_source s on s.pulp_id = p.source_id
      where p.pulp_id = ${pathId} and s.domain_id = ${domainId} for update of p`);
}

/** Makes the hidden repository of a path; answers its id on the wire. */
export async function makeHiddenRepository(
  tx: Transaction,
  domainId: number,
  type: string,
  { pulpId, name }: SourcePath,
): Promise<string> {
  const id = uuid7();
  const repository = { id, type, name: `${name}--${pulpId}--repository`, retain_repo_versions: 1, hidden: true };
  await insertRepositories(tx, domainId, [repository]);
  await tx.run(sql`update alternate_content_source_path set repository_id = ${id} where pulp_id = ${pulpId}`);
  return id;
}
