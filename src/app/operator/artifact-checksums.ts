/** Makes the recorded digests of artifacts fit the setting allowed_content_checksums, or tells what does not fit. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Queryable } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { DIGEST_NAMES, type DigestName, MultiHasher } from '../../lib/crypto/digest.ts';
import { addDigests, dropDigests } from '../../model/content/artifact.ts';
import { inVersion, versionRow } from '../../model/repositories/membership.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';

interface HandledChecksums {
  /** Artifacts that got missing digests. */
  readonly completed: number;
  /** Artifacts that lost digests that are not allowed. */
  readonly stripped: number;
  /** Ids of artifacts whose bytes are missing or are not those recorded. */
  readonly unusable: readonly string[];
}

interface ArtifactRow {
  readonly id: number;
  readonly pulp_id: string;
  readonly sha256: string;
  readonly missing: DigestName[];
  readonly domain: { readonly id: number; readonly pulpId: string; readonly name: string };
}

const BATCH = 500;

/** May run while the server works, and be repeated. */
export async function handleChecksums(services: Services): Promise<HandledChecksums> {
  const allowed = services.settings.allowedContentChecksums;
  const unusable: string[] = [];
  let completed = 0;
  for await (const rows of artifactsLacking(services.db, allowed)) {
    for (const row of rows) {
      if (await complete(services, row)) completed++;
      else unusable.push(row.pulp_id);
    }
  }
  const forbidden = DIGEST_NAMES.filter((name) => !allowed.includes(name));
  const stripped = forbidden.length === 0 ? 0 : await dropDigests(services.db, forbidden);
  return { completed, stripped, unusable };
}

async function* artifactsLacking(db: Queryable, names: readonly DigestName[]): AsyncGenerator<ArtifactRow[]> {
  const missing = sql`array_remove(array[${sql.join(
    names.map((name) => sql`case when a.${sql.ident(name)} is null then ${name} end`),
  )}], null)`;
  for (let after = 0; ; ) {
    const rows = await db.rows<ArtifactRow>(sql`
      select a.id, a.pulp_id, encode(a.sha256, 'hex') as sha256, ${missing} as missing,
          json_build_object('id', d.id, 'pulpId', d.pulp_id, 'name', d.name) as domain
        from artifact a join domain d on d.id = a.domain_id
        where a.id > ${after} and (${anyNull(names)}) order by a.id limit ${BATCH}`);
    if (rows.length > 0) yield rows;
    if (rows.length < BATCH) return;
    after = rows.at(-1)!.id;
  }
}

function anyNull(names: readonly DigestName[]): Sql {
  return sql.join(
    names.map((name) => sql`a.${sql.ident(name)} is null`),
    ' or ',
  );
}

/** False when the bytes cannot be read or are others. */
async function complete(services: Services, { id, sha256, missing, domain }: ArtifactRow): Promise<boolean> {
  const store = services.storage(domain);
  const key = store.keyOf(sha256);
  const local = store.driver.localPath(key);
  const hasher = new MultiHasher([...new Set<DigestName>([...missing, 'sha256'])]);
  try {
    const stream: Readable = local === undefined ? (await store.driver.open(key)).stream : createReadStream(local);
    for await (const piece of stream) hasher.update(piece as Buffer);
  } catch {
    return false;
  }
  const digests = hasher.digests();
  if (digests.sha256 !== sha256) return false;
  await addDigests(services.db, id, Object.fromEntries(missing.map((name) => [name, digests[name]])));
  return true;
}

interface UnfitVersions {
  readonly repository: string;
  readonly versions: readonly number[];
  /** Files that upstream offers only with digests that are not allowed. */
  readonly files: number;
}

/** Versions with files that are only upstream and cannot be checked with the digests named. */
export async function reportChecksums(db: Queryable, names: readonly DigestName[]): Promise<UnfitVersions[]> {
  const known = sql.join(
    names.map((name) => sql`ra.${sql.ident(name)} is not null`),
    ' or ',
  );
  return await db.rows<UnfitVersions>(sql`
    with unfit as (
      select ca.id, ca.content_id from content_artifact ca where ca.artifact_id is null
        and exists (select from remote_artifact ra where ra.content_artifact_id = ca.id)
        and not exists (select from remote_artifact ra where ra.content_artifact_id = ca.id and (${known})))
    select r.name as repository, array_agg(distinct v.number order by v.number) as versions, count(distinct unfit.id) as files
      from unfit join repository_content rc on rc.content_id = unfit.content_id
        join repository r on r.id = rc.repository_id
        join repository_version v on v.repository_id = r.id and v.complete and ${inVersion(versionRow('v'))}
      group by r.id, r.name order by r.name`);
}
