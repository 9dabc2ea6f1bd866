/** The units of a version with the places of their bytes, newest first, in batches. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { DIGEST_NAMES, type DigestName } from '../../lib/crypto/digest.ts';
import type { ContentTable } from '../../model/content/natural-key.ts';
import { inVersion } from '../../model/repositories/membership.ts';
import type { PublishedUnit } from '../../plugin-api/contracts/publish.ts';
import type { Version } from '../../plugin-api/contracts/version.ts';
import type { Row } from '../../plugin-api/declare/field.ts';

const BATCH = 10_000;

/**
 * One entry for each artifact of a unit. The memberships of a repository lie in the order of content ids in the primary key, so that
 * each batch is a range of it; the next batch is read while the caller works on one. Digests and size are those of the artifact, or
 * of the first source upstream that has the bytes.
 */
export async function* publishedUnits(
  db: Queryable,
  version: Version,
  type: ContentTable,
  digests: readonly DigestName[] = DIGEST_NAMES,
): AsyncGenerator<readonly PublishedUnit[]> {
  const read = (before: number) => {
    const rows = readBatch(db, version, type, digests, before);
    // When the caller stops early, nobody waits for the batch that is being read.
    rows.catch(() => {});
    return rows;
  };
  let next = read(Number.MAX_SAFE_INTEGER);
  for (;;) {
    const rows = await next;
    if (rows.length === 0) return;
    next = read(rows.at(-1)!.content_id);
    yield rows.map((row) => toUnit(type, digests, row));
  }
}

interface UnitRow extends Row {
  readonly content_id: number;
  readonly content_artifact_id: number | null;
  readonly artifact_path: string | null;
  readonly artifact_size: number | null;
}

async function readBatch(
  db: Queryable,
  version: Version,
  type: ContentTable,
  digests: readonly DigestName[],
  before: number,
): Promise<UnitRow[]> {
  const bytes = digests.map((name) => sql.raw(`encode(coalesce(a.${name}, ra.${name}), 'hex') as artifact_${name}`));
  const columns = type.columns.map(({ name }) => name);
  return await db.rows<UnitRow>(sql`
    with unit as materialized (
      select rc.content_id, ${sql.join(columns.map((name) => sql.ident('d', name)))}
        from repository_content rc join ${sql.ident(type.table)} d on d.content_id = rc.content_id
        where ${inVersion(version)} and rc.content_id < ${before} order by rc.content_id desc limit ${BATCH})
    select ${sql.join([
      ...columns.map((name) => sql.ident('unit', name)),
      sql.raw('unit.content_id, ca.id as content_artifact_id, ca.relative_path as artifact_path'),
      sql.raw('coalesce(a.size, ra.size) as artifact_size'),
      ...bytes,
    ])}
      from unit left join content_artifact ca on ca.content_id = unit.content_id
        left join artifact a on a.id = ca.artifact_id
        left join lateral (select * from remote_artifact ra where ca.artifact_id is null and ra.content_artifact_id = ca.id
          order by ra.remote_id limit 1) ra on true
      order by unit.content_id desc, ca.id`);
}

function toUnit(type: ContentTable, names: readonly DigestName[], row: UnitRow): PublishedUnit {
  const values: Row = {};
  for (const { name } of type.columns) values[name] = row[name];
  const digests: Record<string, string> = {};
  for (const name of names) {
    const digest = row[`artifact_${name}`];
    if (typeof digest === 'string') digests[name] = digest;
  }
  return {
    contentId: row.content_id,
    contentArtifactId: row.content_artifact_id,
    relativePath: row.artifact_path ?? '',
    values,
    size: row.artifact_size,
    digests,
  };
}
