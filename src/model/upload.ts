/** Uploads in chunks: the row and what has arrived. */
import type { Queryable } from '../db/database.ts';
import { sql } from '../db/sql.ts';

export interface UploadRow {
  readonly pulpId: string;
  readonly size: number;
  readonly chunks: { offset: number; size: number }[];
}

export async function findUpload(db: Queryable, domainId: number, pulpId: string): Promise<UploadRow | undefined> {
  return await db.row<UploadRow>(sql`
    select u.pulp_id as "pulpId", u.size, coalesce((
        select jsonb_agg(jsonb_build_object('offset', c.chunk_offset, 'size', c.size) order by c.chunk_offset)
          from upload_chunk c where c.upload_id = u.pulp_id), '[]') as chunks
      from upload u where u.pulp_id = ${pulpId} and u.domain_id = ${domainId}`);
}

export async function deleteUpload(db: Queryable, pulpId: string): Promise<void> {
  await db.run(sql`delete from upload where pulp_id = ${pulpId}`);
}

/** Notes a chunk that has arrived, in place of one at the same offset (bytes). */
export async function putChunk(db: Queryable, pulpId: string, offset: number, size: number): Promise<void> {
  await db.run(sql`with chunk as (
      insert into upload_chunk (upload_id, chunk_offset, size) values (${pulpId}, ${offset}, ${size})
      on conflict (upload_id, chunk_offset) do update set size = excluded.size)
    update upload set pulp_last_updated = now() where pulp_id = ${pulpId}`);
}

/** Answers how many of them there were. */
export async function deleteUploads(db: Queryable, pulpIds: readonly string[]): Promise<number> {
  return await db.run(sql`delete from upload where pulp_id = any(${pulpIds}::uuid[])`);
}

/** Uploads older than so many minutes. */
export async function staleUploads(db: Queryable, domainId: number, minutes: number): Promise<string[]> {
  const rows = await db.rows<{ pulp_id: string }>(sql`
    select pulp_id from upload
      where domain_id = ${domainId} and pulp_last_updated < now() - make_interval(mins => ${minutes}::integer)
      order by pulp_id`);
  return rows.map((row) => row.pulp_id);
}
