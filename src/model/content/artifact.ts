/** Artifacts: rows for bytes that are in the storage, once per domain and sha256. */
import type { Database, Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { DIGEST_NAMES, type DigestName, type Digests } from '../../lib/crypto/digest.ts';
import { uuid7Batch } from '../../lib/text/uuid7.ts';
import type { ArtifactStore, TempArtifact } from '../../storage/artifact-store.ts';
import { byteaText, type DigestColumns, digestSelect, digestsOfRow } from './digest-columns.ts';

export interface ArtifactRow {
  readonly id: number;
  readonly pulpId: string;
  readonly size: number;
}

export interface SavedArtifact extends ArtifactRow {
  readonly sha256: string;
  /** The row was there before. */
  readonly existed: boolean;
}

interface ArtifactBytes {
  readonly size: number;
  readonly digests: Digests & { sha256: string };
}

/** Artifacts of the domain by sha256. Orphans among them are marked as wanted, so that no clean-up takes them meanwhile. */
export async function findArtifacts(
  db: Queryable,
  domainId: number,
  sha256s: readonly string[],
): Promise<Map<string, ArtifactRow>> {
  if (sha256s.length === 0) return new Map();
  const rows = await db.rows<ArtifactRow & { sha256: string }>(sql`
    select a.id, a.pulp_id as "pulpId", a.size, encode(a.sha256, 'hex') as sha256
      from artifact a where a.sha256 = any(${sha256s.map(byteaText)}::bytea[]) and a.domain_id = ${domainId}`);
  if (rows.length > 0)
    await touchOrphanArtifacts(
      db,
      rows.map((row) => row.id),
    );
  return new Map(rows.map((row) => [row.sha256, row]));
}

/** Renews the time of artifacts that no unit uses; rows that another transaction holds are being renewed by it. */
export async function touchOrphanArtifacts(db: Queryable, ids: readonly number[]): Promise<void> {
  await db.run(sql`
    update artifact set timestamp_of_interest = now() where id in (
      select id from artifact a where id = any(${ids}::bigint[])
        and not exists (select from content_artifact where artifact_id = a.id)
        order by id for no key update skip locked)`);
}

/** The artifact of an id on the wire, with its digests. */
export async function findArtifact(
  db: Queryable,
  domainId: number,
  pulpId: string,
): Promise<(ArtifactRow & { digests: Digests & { sha256: string } }) | undefined> {
  const row = await db.row<DigestColumns & { id: number; pulp_id: string; size: number }>(sql`
    select id, pulp_id, size, ${digestSelect('artifact')} from artifact
      where pulp_id = ${pulpId} and domain_id = ${domainId}`);
  if (!row) return undefined;
  const digests = digestsOfRow(row);
  return { id: row.id, pulpId: row.pulp_id, size: row.size, digests: { ...digests, sha256: digests.sha256! } };
}

/**
 * Moves received bytes to their places and makes rows for them, answered in the order given. The bytes are durable before
 * the rows; a file that was lost is replaced. Only digests named in `allowed` are recorded.
 */
export async function saveArtifacts(
  db: Database,
  store: ArtifactStore,
  domainId: number,
  received: readonly TempArtifact[],
  allowed: readonly string[],
): Promise<SavedArtifact[]> {
  if (received.length === 0) return [];
  let kept = false;
  return await db.transaction(async (tx) => {
    await holdArtifactGate(tx, domainId);
    if (!kept) await store.keep(received);
    kept = true;
    return await insertArtifacts(tx, domainId, received, allowed);
  });
}

/**
 * Rows for bytes that are in the storage, answered in the order given; equal ones get one row. The caller holds the gate
 * since before the bytes were moved in.
 */
export async function insertArtifacts(
  tx: Transaction,
  domainId: number,
  artifacts: readonly ArtifactBytes[],
  allowed: readonly string[],
): Promise<SavedArtifact[]> {
  const distinct = [...new Map(artifacts.map((one) => [one.digests.sha256, one])).values()];
  distinct.sort((left, right) => (left.digests.sha256 < right.digests.sha256 ? -1 : 1));
  const made = await insertNew(tx, domainId, distinct, allowed);
  const rest = distinct.filter((one) => !made.has(one.digests.sha256)).map((one) => one.digests.sha256);
  const old = await findArtifacts(tx, domainId, rest);
  return artifacts.map(({ digests: { sha256 } }) => {
    const existed = old.get(sha256);
    const row = existed ?? made.get(sha256)!;
    return { ...row, sha256, existed: existed !== undefined };
  });
}

async function insertNew(
  tx: Transaction,
  domainId: number,
  artifacts: readonly ArtifactBytes[],
  allowed: readonly string[],
): Promise<Map<string, ArtifactRow>> {
  const names = DIGEST_NAMES.filter((name) => name === 'sha256' || allowed.includes(name));
  const columns = sql.raw(names.join(', '));
  const digests = (name: DigestName) => sql`${artifacts.map((one) => byteaText(one.digests[name]))}::bytea[]`;
  const rows = await tx.rows<ArtifactRow & { sha256: string }>(sql`
    insert into artifact (domain_id, pulp_id, size, ${columns})
      select ${domainId}::integer, given.* from unnest(${uuid7Batch(artifacts.length)}::uuid[],
        ${artifacts.map((one) => one.size)}::bigint[], ${sql.join(names.map(digests))}) as given
      on conflict (sha256, domain_id) do nothing
      returning id, pulp_id as "pulpId", size, encode(sha256, 'hex') as sha256`);
  return new Map(rows.map((row) => [row.sha256, row]));
}

/** A domain that is deleted takes all its artifacts along; nothing of it is published or in a repository any more. */
export async function deleteArtifactsOf(tx: Transaction, domainId: number): Promise<void> {
  await tx.run(sql`delete from artifact where domain_id = ${domainId}`);
}

/** Records further digests of an artifact. */
export async function addDigests(db: Queryable, id: number, digests: Digests): Promise<void> {
  const known = DIGEST_NAMES.filter((name) => digests[name] !== undefined);
  const sets = known.map((name) => sql`${sql.ident(name)} = ${byteaText(digests[name])}::bytea`);
  await db.run(sql`update artifact set ${sql.join(sets)} where id = ${id}`);
}

/** Forgets digests of all artifacts; answers how many had one of them. */
export async function dropDigests(db: Queryable, names: readonly DigestName[]): Promise<number> {
  const nothing = names.map((name) => sql`${sql.ident(name)} = null`);
  const some = sql.join(
    names.map((name) => sql`${sql.ident(name)} is not null`),
    ' or ',
  );
  return await db.run(sql`update artifact set ${sql.join(nothing)} where ${some}`);
}

const GATE = 1095914324;

/**
 * Held while bytes are moved in and their rows are made. Whoever removes bytes holds it alone from deleting the rows until
 * the files are gone; otherwise a file could be removed under a new row for the same bytes.
 */
export async function holdArtifactGate(tx: Transaction, domainId: number, alone = false): Promise<void> {
  const lock = sql.raw(alone ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared');
  await tx.run(sql`select ${lock}(${GATE}::integer, ${domainId}::integer)`);
}
