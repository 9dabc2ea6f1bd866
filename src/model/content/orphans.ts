/** Orphans: units in no repository version and artifacts that nothing uses, found and removed in batches. */
import type { Queryable, Transaction } from '../../db/database.ts';
import { violatedForeignKey } from '../../db/errors.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { ContentTable } from './natural-key.ts';

export interface OrphanScope {
  readonly domainId: number;
  /** Only what was last of interest before this. */
  readonly before: string;
  /** Only these units, by their ids on the wire; null for all. */
  readonly contentPulpIds: readonly string[] | null;
  /** Types whose units keep those that they name. */
  readonly naming: readonly ContentTable[];
}

/**
 * The time before which orphans are old enough. Whatever a task that has not ended may have found or made since it was dispatched is
 * newer, since everything that is found is touched.
 */
export async function orphanCutoff(
  db: Queryable,
  domainId: number,
  minutes: number,
  ownTaskId: number,
): Promise<string> {
  const row = await db.row<{ cutoff: string }>(sql`
    select least(now() - make_interval(secs => ${minutes * 60}), (
        select min(pulp_created) from task
          where state in ('waiting', 'running', 'canceling') and domain_id = ${domainId} and id <> ${ownTaskId})) as cutoff`);
  return row!.cutoff;
}

/** Condition on `c`. */
export function isOrphan({ domainId, before, contentPulpIds, naming }: OrphanScope): Sql {
  const asked = contentPulpIds ? sql`and c.pulp_id = any(${contentPulpIds}::uuid[])` : sql.empty;
  return sql`c.domain_id = ${domainId} and c.timestamp_of_interest < ${before}::timestamptz ${asked}
    and not exists (select from repository_content rc where rc.content_id = c.id) and not ${isNamed(naming)}`;
}

/** Condition on `c`: a unit of these types names it, also one that is an orphan itself, which goes first. */
function isNamed(types: readonly ContentTable[]): Sql {
  const named = types.flatMap((type) =>
    type.columns.flatMap(({ name, type: kind, names }) => {
      if (names !== 'id' && names !== 'pulpId') return [];
      const value = sql.raw(names === 'id' ? 'c.id' : 'c.pulp_id');
      const column = sql.ident('n', name);
      const holds = kind.endsWith('[]') ? sql`${column} @> array[${value}]` : sql`${column} = ${value}`;
      return [sql`exists (select from ${sql.ident(type.table)} n where ${holds})`];
    }),
  );
  return named.length === 0 ? sql.raw('false') : sql`(${sql.join(named, ' or ')})`;
}

/** Orphans with ids below `before`, newest first: units are made after those that they name. */
export async function findOrphans(db: Queryable, scope: OrphanScope, before: number, limit: number): Promise<number[]> {
  const rows = await db.rows<{ id: number }>(sql`
    select c.id from content c where ${isOrphan(scope)} and c.id < ${before} order by c.id desc limit ${limit}`);
  return rows.map((row) => row.id);
}

interface RemovedContent {
  readonly count: number;
  /** Artifacts the units had. */
  readonly artifactIds: readonly number[];
}

/**
 * Removes units that are still orphans. They are locked first, and looked at again by a later statement, which sees what was
 * committed before the lock was had: whoever adds a unit to a repository holds it. Units held by others are left alone.
 */
export async function removeOrphans(
  tx: Transaction,
  scope: OrphanScope,
  ids: readonly number[],
  types: readonly ContentTable[],
): Promise<RemovedContent> {
  const locked = await tx.rows<{ id: number }>(
    sql`select id from content where id = any(${ids}::bigint[]) order by id for update skip locked`,
  );
  const rows = await tx.rows<{ id: number; pulp_type: string }>(sql`
    select c.id, c.pulp_type from content c where c.id = any(${locked.map((row) => row.id)}::bigint[]) and ${isOrphan(scope)}`);
  const gone = rows.map((row) => row.id);
  for (const type of types) {
    const own = rows.filter((row) => row.pulp_type === type.pulpType).map((row) => row.id);
    if (own.length > 0)
      await tx.run(sql`delete from ${sql.ident(type.table)} where content_id = any(${own}::bigint[])`);
  }
  await tx.run(sql`delete from remote_artifact where content_artifact_id in (
    select id from content_artifact where content_id = any(${gone}::bigint[]))`);
  const artifacts = await tx.rows<{ artifact_id: number | null }>(
    sql`delete from content_artifact where content_id = any(${gone}::bigint[]) returning artifact_id`,
  );
  await tx.run(sql`delete from content where id = any(${gone}::bigint[])`);
  return { count: gone.length, artifactIds: artifacts.flatMap(({ artifact_id: id }) => (id === null ? [] : [id])) };
}

/** Condition on `a`: nothing has the bytes. */
const isUnused = sql`not exists (select from content_artifact ca where ca.artifact_id = a.id)
  and not exists (select from published_artifact pa where pa.artifact_id = a.id)
  and not exists (select from task_profile tp where tp.artifact_id = a.id)`;

export interface UnusedArtifact {
  readonly id: number;
  readonly sha256: string;
  readonly size: number;
}

/** Unused artifacts with ids above `after`; of the given ones only, where told. */
export async function findUnusedArtifacts(
  db: Queryable,
  scope: OrphanScope,
  after: number,
  limit: number,
  among: readonly number[] | null,
): Promise<UnusedArtifact[]> {
  const named = among ? sql`and a.id = any(${among}::bigint[])` : sql.empty;
  return await db.rows<UnusedArtifact>(sql`
    select a.id, encode(a.sha256, 'hex') as sha256, a.size from artifact a
      where a.domain_id = ${scope.domainId} and a.timestamp_of_interest < ${scope.before}::timestamptz ${named}
        and ${isUnused} and a.id > ${after} order by a.id limit ${limit}`);
}

/** Deletes rows of artifacts that are still unused; answers which went. One that something else refers to stays. */
export async function deleteArtifactRows(
  tx: Transaction,
  artifacts: readonly UnusedArtifact[],
): Promise<UnusedArtifact[]> {
  const locked = await tx.rows<{ id: number }>(sql`
    select id from artifact where id = any(${artifacts.map((one) => one.id)}::bigint[]) order by id for update skip locked`);
  const remove = async (ids: readonly number[]) =>
    await tx.rows<{ id: number }>(
      sql`delete from artifact a where a.id = any(${ids}::bigint[]) and ${isUnused} returning a.id`,
    );
  const ids = locked.map((row) => row.id);
  const rows = await tx.savepoint(() => remove(ids)).catch((error) => oneByOne(tx, error, ids, remove));
  const gone = new Set(rows.map((row) => row.id));
  return artifacts.filter((one) => gone.has(one.id));
}

async function oneByOne(
  tx: Transaction,
  error: unknown,
  ids: readonly number[],
  remove: (ids: readonly number[]) => Promise<{ id: number }[]>,
): Promise<{ id: number }[]> {
  if (violatedForeignKey(error) === undefined) throw error;
  const gone: { id: number }[] = [];
  for (const id of ids) {
    gone.push(
      ...(await tx
        .savepoint(() => remove([id]))
        .catch((reason) => {
          if (violatedForeignKey(reason) !== undefined) return [];
          throw reason;
        })),
    );
  }
  return gone;
}

/** Which of these digests have a row in the domain. */
export async function knownDigests(db: Queryable, domainId: number, sha256s: readonly string[]): Promise<Set<string>> {
  const rows = await db.rows<{ sha256: string }>(sql`
    select encode(sha256, 'hex') as sha256 from artifact
      where sha256 = any(${sha256s.map((hex) => `\\x${hex}`)}::bytea[]) and domain_id = ${domainId}`);
  return new Set(rows.map((row) => row.sha256));
}
