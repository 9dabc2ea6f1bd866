/** An artifact as a file to be sent, by its id on the wire, in whatever domain it is. */
import { sql } from '../../db/sql.ts';
import { storageStamp } from '../../model/domain.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import { type FileFacts, type StoredFile, storedFile } from './stored-file.ts';

interface ArtifactFile {
  readonly sha256: string;
  readonly size: number;
  readonly date: number;
  readonly domain: Domain;
}

export async function findArtifactFile(
  { db, storage }: Services,
  id: string,
  told: Pick<FileFacts, 'contentType' | 'headers'> = {},
): Promise<StoredFile | undefined> {
  const row = await db.row<ArtifactFile>(sql`
    select encode(a.sha256, 'hex') as sha256, a.size, extract(epoch from a.pulp_created)::float8 * 1000 as date,
        jsonb_build_object('id', d.id, 'pulpId', d.pulp_id, 'name', d.name, 'storageStamp', ${storageStamp('d')}) as domain
      from artifact a join domain d on d.id = a.domain_id where a.pulp_id = ${id}`);
  if (!row) return undefined;
  const { sha256, size, date, domain } = row;
  const { contentType, headers } = told;
  return storedFile({ store: storage(domain), sha256, size, path: id, date, contentType, headers });
}
