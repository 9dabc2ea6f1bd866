/** The units of a version with the places of their bytes, newest first, in batches. */
import type { Queryable } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { DIGEST_NAMES } from '../lib/digest.ts';
import { inVersion } from '../model/membership.ts';
import type { ContentTable } from '../model/natural-key.ts';
import type { Row } from '../plugin-api/field.ts';
import type { PublishedUnit, Version } from '../plugin-api/plugin.ts';

const BATCH = 10_000;

/**
 * One row for each artifact of a unit. The memberships of a repository lie in the order of content ids in the primary key, so that
 * each batch is a range of it. Digests and size are those of the artifact, or of the first source upstream that has them.
 */
export async function* publishedUnits(
  db: Queryable,
  version: Version,
  type: ContentTable,
): AsyncGenerator<readonly PublishedUnit[]> {
  for (let before: number = Number.MAX_SAFE_INTEGER; ; ) {
    const rows = await readBatch(db, version, type, before);
    if (rows.length > 0) yield rows.map((row) => toUnit(type, row));
    if (rows.length < BATCH) return;
    before = rows.at(-1)!.content_id;
  }
}

interface UnitRow extends Row {
  readonly content_id: number;
  readonly content_artifact_id: number;
  readonly artifact_path: string;
  readonly artifact_size: number | null;
}

async function readBatch(db: Queryable, version: Version, type: ContentTable, before: number): Promise<UnitRow[]> {
  const digests = sql.raw(
    DIGEST_NAMES.map((name) => `encode(coalesce(a.${name}, ra.${name}), 'hex') as artifact_${name}`).join(', '),
  );
  const values = sql.join(type.columns.map(({ name }) => sql.ident('d', name)));
  return await db.rows<UnitRow>(sql`
    with unit as (
      select rc.content_id from repository_content rc join content c on c.id = rc.content_id
        where ${inVersion(version)} and rc.content_id < ${before} and c.pulp_type = ${type.pulpType}
        order by rc.content_id desc limit ${BATCH})
    select unit.content_id, ca.id as content_artifact_id, ca.relative_path as artifact_path,
        coalesce(a.size, ra.size) as artifact_size, ${digests}, ${values}
      from unit join ${sql.ident(type.table)} d on d.content_id = unit.content_id
        join content_artifact ca on ca.content_id = unit.content_id
        left join artifact a on a.id = ca.artifact_id
        left join lateral (select * from remote_artifact ra where a.id is null and ra.content_artifact_id = ca.id
          order by ra.remote_id limit 1) ra on true
      order by unit.content_id desc, ca.id`);
}

function toUnit(type: ContentTable, row: UnitRow): PublishedUnit {
  const values: Row = {};
  for (const { name } of type.columns) values[name] = row[name];
  const digests: Record<string, string> = {};
  for (const name of DIGEST_NAMES) {
    const digest = row[`artifact_${name}`];
    if (typeof digest === 'string') digests[name] = digest;
  }
  return {
    contentId: row.content_id,
    contentArtifactId: row.content_artifact_id,
    relativePath: row.artifact_path,
    values,
    size: row.artifact_size,
    digests,
  };
}
