/** Where the bytes of units are: rows by path, linked to an artifact once there is one, and their sources upstream. */
import { copyRows } from '../../db/copy-rows.ts';
import type { Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { DIGEST_NAMES, type Digests } from '../../lib/crypto/digest.ts';
import { inVersion, type VersionPlace } from '../repositories/membership.ts';
import { digestValues } from './digest-columns.ts';
import { takeIds } from './take-ids.ts';

/** Where upstream has the bytes of an artifact. */
export interface ArtifactSource {
  readonly remoteId: string;
  readonly url: string;
  readonly size?: number | null | undefined;
  readonly digests?: Digests | undefined;
  readonly alternate?: boolean | undefined;
  /** Of the requests for them; no credentials. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

interface UnitArtifact {
  readonly relativePath: string;
  /** id of the artifact row; null while the bytes are upstream only. */
  artifactId: number | null;
  readonly source?: ArtifactSource | undefined;
}

/** A unit as far as its artifacts are concerned; its id is set once it is found or made. */
export interface UnitWithArtifacts {
  readonly artifacts: readonly UnitArtifact[];
  id?: number;
}

const SOURCE_COLUMNS = ['content_artifact_id', 'remote_id', 'url', 'size', 'is_alternate', 'headers', ...DIGEST_NAMES];

/** Rows for the artifacts of units that were made in this transaction. */
export async function insertContentArtifacts(tx: Transaction, units: readonly UnitWithArtifacts[]): Promise<void> {
  const artifacts = units.flatMap((unit) => unit.artifacts.map((artifact) => ({ contentId: unit.id!, artifact })));
  if (artifacts.length === 0) return;
  const ids = await takeIds(tx, 'content_artifact', artifacts.length);
  await copyRows(
    tx,
    'content_artifact',
    ['id', 'content_id', 'artifact_id', 'relative_path'],
    artifacts
      .values()
      .map(({ contentId, artifact }, at) => [ids[at]!, contentId, artifact.artifactId, artifact.relativePath]),
  );
  const sources = artifacts.flatMap(({ artifact: { source } }, at) => (source ? [{ id: ids[at]!, source }] : []));
  if (sources.length === 0) return;
  await copyRows(
    tx,
    'remote_artifact',
    SOURCE_COLUMNS,
    sources.values().map(({ id, source }) => [id, ...sourceValues(source)]),
  );
}

function sourceValues(source: ArtifactSource) {
  const { remoteId, url, size = null, alternate = false, digests } = source;
  return [remoteId, url, size, alternate, headersText(source), ...digestValues(digests)];
}

function headersText({ headers }: ArtifactSource): string | null {
  return headers && Object.keys(headers).length > 0 ? JSON.stringify(headers) : null;
}

/**
 * Holds the artifacts that units are about to be linked to until the transaction ends. One that a clean-up has removed since it was
 * found is unlinked: its unit is saved as one whose bytes are upstream.
 */
export async function holdArtifacts(tx: Transaction, units: readonly UnitWithArtifacts[]): Promise<void> {
  const linked = units.flatMap((unit) => unit.artifacts).filter((artifact) => artifact.artifactId !== null);
  if (linked.length === 0) return;
  const ids = [...new Set(linked.map((artifact) => artifact.artifactId))];
  const rows = await tx.rows<{ id: number }>(
    sql`select id from artifact where id = any(${ids}::bigint[]) order by id for key share`,
  );
  const there = new Set<number | null>(rows.map((row) => row.id));
  for (const artifact of linked) if (!there.has(artifact.artifactId)) artifact.artifactId = null;
}

/** Completes units that were there before: links bytes they lack, and notes or renews their sources. */
export async function linkContentArtifacts(tx: Transaction, units: readonly UnitWithArtifacts[]): Promise<void> {
  const given = units.flatMap((unit) => unit.artifacts.map((artifact) => ({ contentId: unit.id!, ...artifact })));
  await linkBytes(
    tx,
    given.filter((one) => one.artifactId !== null),
  );
  await noteSources(
    tx,
    given.filter((one) => one.source !== undefined),
  );
}

type Given = UnitArtifact & { contentId: number };

async function linkBytes(tx: Transaction, given: readonly Given[]): Promise<void> {
  if (given.length === 0) return;
  await tx.run(sql`
    with given as (
      select * from unnest(${given.map((one) => one.contentId)}::bigint[], ${given.map((one) => one.relativePath)}::text[],
        ${given.map((one) => one.artifactId)}::bigint[]) as g (content_id, relative_path, artifact_id)),
    lacking as (
      select ca.id, given.artifact_id from given join content_artifact ca on ca.content_id = given.content_id
        where ca.relative_path = given.relative_path and ca.artifact_id is null order by ca.id for no key update of ca)
    update content_artifact set artifact_id = lacking.artifact_id from lacking where content_artifact.id = lacking.id`);
}

async function noteSources(tx: Transaction, given: readonly Given[]): Promise<void> {
  if (given.length === 0) return;
  const of = (read: (source: ArtifactSource) => unknown) => given.map((one) => read(one.source!));
  const digests = DIGEST_NAMES.map(
    (_, at) => sql`${given.map((one) => digestValues(one.source!.digests)[at])}::bytea[]`,
  );
  const names = sql.raw(DIGEST_NAMES.join(', '));
  const renewed = sql.raw(DIGEST_NAMES.map((name) => `${name} = excluded.${name}`).join(', '));
  await tx.run(sql`
    with given as (
      select * from unnest(${given.map((one) => one.contentId)}::bigint[], ${given.map((one) => one.relativePath)}::text[],
        ${of((source) => source.remoteId)}::uuid[], ${of((source) => source.url)}::text[],
        ${of((source) => source.size ?? null)}::bigint[], ${of((source) => source.alternate ?? false)}::boolean[],
        ${of(headersText)}::jsonb[], ${sql.join(digests)})
        as g (content_id, relative_path, remote_id, url, size, is_alternate, headers, ${names}))
    insert into remote_artifact as ra (content_artifact_id, remote_id, url, size, is_alternate, headers, ${names})
      select distinct on (ca.id, given.remote_id) ca.id, given.remote_id, given.url, given.size, given.is_alternate, given.headers, ${names}
        from given join content_artifact ca on ca.content_id = given.content_id and ca.relative_path = given.relative_path
        where not exists (select from remote_artifact known where known.content_artifact_id = ca.id
          and known.remote_id = given.remote_id and known.url = given.url and known.sha256 is not distinct from given.sha256
          and known.size is not distinct from given.size and known.headers is not distinct from given.headers
          and known.failed_at is null)
        order by ca.id, given.remote_id
      on conflict (content_artifact_id, remote_id) do update set url = excluded.url, size = excluded.size,
        is_alternate = ra.is_alternate or excluded.is_alternate, headers = excluded.headers, failed_at = null, ${renewed}`);
}

/** Links bytes that were fetched to the paths of units that lack them, by the ids of their rows. */
export async function setArtifacts(
  db: Queryable,
  links: readonly { readonly id: number; readonly artifactId: number }[],
): Promise<void> {
  await db.run(sql`with lacking as (
      select ca.id, given.artifact_id from unnest(${links.map((one) => one.id)}::bigint[], ${links.map((one) => one.artifactId)}::bigint[])
        as given (id, artifact_id) join content_artifact ca on ca.id = given.id where ca.artifact_id is null
        order by ca.id for no key update of ca)
    update content_artifact set artifact_id = lacking.artifact_id from lacking where content_artifact.id = lacking.id`);
}

/** Gives a unit other bytes under a path, or a path that it lacks. The unit is held first, so that two tasks cannot both add the path. */
export async function putArtifact(
  tx: Transaction,
  contentId: number,
  relativePath: string,
  artifactId: number,
): Promise<void> {
  await tx.run(sql`select from content where id = ${contentId} for no key update`);
  const linked = await tx.run(sql`
    with linked as (
      select id from content_artifact where content_id = ${contentId} and relative_path = ${relativePath} order by id for no key update)
    update content_artifact ca set artifact_id = ${artifactId} from linked where ca.id = linked.id`);
  if (linked > 0) return;
  await tx.run(sql`
    insert into content_artifact (content_id, artifact_id, relative_path) values (${contentId}, ${artifactId}, ${relativePath})`);
}

/** Whether a unit of a version has no bytes here. */
export async function hasMissingArtifacts(db: Queryable, version: VersionPlace): Promise<boolean> {
  const row = await db.row<{ missing: boolean }>(sql`
    select exists (select from repository_content rc join content_artifact ca on ca.content_id = rc.content_id
      where ${inVersion(version)} and ca.artifact_id is null) as missing`);
  return row!.missing;
}

/** Artifacts that units have, by content id and path. */
export async function artifactsOfUnits(
  db: Queryable,
  contentIds: readonly number[],
): Promise<Map<number, Map<string, number>>> {
  const found = new Map<number, Map<string, number>>();
  if (contentIds.length === 0) return found;
  const rows = await db.rows<{ content_id: number; relative_path: string; artifact_id: number }>(sql`
    select content_id, relative_path, artifact_id from content_artifact
      where content_id = any(${contentIds}::bigint[]) and artifact_id is not null`);
  for (const row of rows) {
    const paths = found.get(row.content_id) ?? new Map<string, number>();
    found.set(row.content_id, paths.set(row.relative_path, row.artifact_id));
  }
  return found;
}

/** The paths of units with the artifact of each, by its id on the wire; null for bytes that are not here. */
export async function artifactPaths(
  db: Queryable,
  contentIds: readonly number[],
): Promise<{ contentId: number; path: string; pulpId: string | null }[]> {
  return await db.rows(sql`
    select ca.content_id as "contentId", ca.relative_path as path, a.pulp_id as "pulpId"
      from content_artifact ca left join artifact a on a.id = ca.artifact_id where ca.content_id = any(${contentIds}::bigint[])`);
}
