/** Publications: what of a version is visible under which paths, complete from one transaction on. */
import { copyRows } from '../../db/copy-rows.ts';
import type { Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';

interface NewPublication {
  readonly domainId: number;
  readonly pulpType: string;
  readonly versionPulpId: string;
}

/** A path of a publication: the bytes of an artifact made for it, or of a unit. */
export interface PublishedPath {
  readonly relativePath: string;
  readonly artifactId: number | null;
  readonly contentArtifactId: number | null;
}

/** Makes an incomplete publication, which nobody sees; returns its id. */
export async function beginPublication(
  tx: Transaction,
  { domainId, pulpType, versionPulpId }: NewPublication,
): Promise<string> {
  const pulpId = uuid7();
  await tx.run(sql`
    insert into publication (pulp_id, domain_id, pulp_type, repository_version_id)
      values (${pulpId}, ${domainId}, ${pulpType}, ${versionPulpId})`);
  return pulpId;
}

export async function insertPublishedPaths(
  tx: Transaction,
  publicationId: string,
  paths: readonly PublishedPath[],
): Promise<void> {
  if (paths.length === 0) return;
  await copyRows(
    tx,
    'published_artifact',
    ['publication_id', 'relative_path', 'artifact_id', 'content_artifact_id'],
    paths.values().map((path) => [publicationId, path.relativePath, path.artifactId, path.contentArtifactId]),
  );
}

interface PublicationFacts {
  readonly passThrough: boolean;
  readonly checkpoint: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

export async function completePublication(tx: Transaction, pulpId: string, facts: PublicationFacts): Promise<void> {
  const updated = await tx.run(sql`
    update publication set complete = true, pass_through = ${facts.passThrough}, checkpoint = ${facts.checkpoint},
      details = details || ${sql.json(facts.details)}, pulp_last_updated = now()
      where pulp_id = ${pulpId} and not complete`);
  if (updated === 0) throw new Error('The publication was dropped meanwhile');
}

/** Removes an incomplete publication, also from what its task has made. */
export async function dropPublication(
  tx: Transaction,
  pulpId: string,
  { taskId, name }: { readonly taskId: number; readonly name: string },
): Promise<void> {
  await tx.run(sql`delete from publication where pulp_id = ${pulpId} and not complete`);
  await tx.run(sql`
    update task set created_resources = array_remove(created_resources, ${name}) where id = ${taskId}`);
}

/** Takes the flag from all checkpoint publications of a repository but the newest `keep`. */
export async function trimCheckpoints(tx: Transaction, repositoryId: number, keep: number): Promise<void> {
  await tx.run(sql`
    update publication set checkpoint = false, pulp_last_updated = now() where pulp_id in (
      select p.pulp_id from publication p join repository_version v on v.pulp_id = p.repository_version_id
        where v.repository_id = ${repositoryId} and p.checkpoint and p.complete
        order by p.pulp_created desc, p.pulp_id desc offset ${keep})`);
}

/** Removes publications that tasks began a day ago or more and never completed. */
export async function removeStalePublications(tx: Transaction, domainId: number): Promise<void> {
  await tx.run(sql`delete from publication
    where not complete and domain_id = ${domainId} and pulp_created < now() - interval '1 day'
      and not exists (select from task where state = 'running' and task.started_at < publication.pulp_created)`);
}

/** Whether a version has a complete publication. */
export async function isPublished(db: Queryable, versionId: string): Promise<boolean> {
  const row = await db.row<{ published: boolean }>(
    sql`select exists (select from publication where repository_version_id = ${versionId} and complete) as published`,
  );
  return row!.published;
}

/** Removes all that were never completed, while no task runs; answers how many. */
export async function removeIncompletePublications(tx: Transaction): Promise<number> {
  return await tx.run(sql`delete from publication where not complete`);
}
