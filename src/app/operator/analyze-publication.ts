/** Tells for each path of a publication where its bytes are stored. */
import { sql } from '../../db/sql.ts';
import { publicationOf } from '../../model/repositories/served.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import { findByNames } from './named-objects.ts';
import { OperatorError } from './operator-error.ts';
import { findPublication, publicationFiles } from './publication-files.ts';

interface AnalyzedFile {
  readonly path: string;
  /** Path in the file system, or key in the object store; null while the bytes are only upstream. */
  readonly stored: string | null;
}

/** One of the two names it; throws OperatorError when there is none. */
export async function* analyzePublication(
  services: Services,
  wanted: { readonly publication?: string | undefined; readonly basePath?: string | undefined },
): AsyncGenerator<AnalyzedFile> {
  const id = await idOf(services, wanted);
  const publication = id === undefined ? undefined : await findPublication(services.db, id);
  if (!publication) throw new OperatorError('There is no publication to look at.');
  const { driver } = services.storage(publication.domain);
  for await (const { path, key } of publicationFiles(services.db, publication)) {
    yield { path, stored: key === null ? null : (driver.localPath(key) ?? key) };
  }
}

async function idOf(
  { db }: Services,
  { publication, basePath }: { readonly publication?: string | undefined; readonly basePath?: string | undefined },
): Promise<string | undefined> {
  if (publication !== undefined) return (await findByNames(db, 'publication', [publication]))[0];
  const row = await db.row<{ pulp_id: string }>(sql`
    select pulp_id from distribution where base_path = ${basePath ?? ''} order by domain_id limit 1`);
  if (!row) throw new OperatorError(`There is no distribution with the base path ${basePath}.`);
  return await publicationOf(db, row.pulp_id);
}
