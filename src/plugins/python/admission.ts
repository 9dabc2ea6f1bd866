/** What a repository lets in: its blocklist, and whether a file may be replaced by another of the same name. */

import { type DraftContext, type Queryable, type Sql, sql, type Version } from '../../plugin-api/index.ts';
import { isSameVersion } from './formats/version.ts';

/** A package that is refused. */
export interface Refused {
  readonly id: number;
  readonly filename: string;
  readonly pulpId: string;
}

export const SUBSTITUTION_TEXT = (files: readonly string[]) =>
  `Found duplicate packages being added with the same filename but different checksums. To allow this, set 'allow_package_substitution' to True on the repository. Conflicting packages: [${files.join(', ')}]`;
export const CONFLICT_TEXT = (packages: readonly Refused[]) =>
  `Found duplicate packages being added with the same filename but different checksums. Existing conflicting packages: [${packages.map((one) => `${one.filename} (${one.pulpId})`).join(', ')}]`;
export const BLOCKLIST_TEXT = (files: readonly string[]) =>
  `Blocklisted packages cannot be added to this repository: ${files.join(', ')}`;

const SELECT = sql.raw('select p.content_id as id, p.filename, c.pulp_id as "pulpId"');

/** Packages among those given that the blocklist refuses; `which` is a condition on the content `c`. */
export async function findBlocked(db: Queryable, repositoryPulpId: string, which: Sql): Promise<Refused[]> {
  const rows = await db.rows<Refused & BlockedBy>(sql`select p.content_id as id, p.filename, c.pulp_id as "pulpId",
      p.version, e.version as blocked
    from content c join python_package p on p.content_id = c.id
      join python_blocklist_entry e on e.filename = p.filename or e.name = p.name_normalized
    where ${which} and e.repository_id = ${repositoryPulpId} order by p.filename`);
  const found = rows.filter(({ version, blocked }) => blocked === null || isSameVersion(blocked, version));
  return [...new Map(found.map(({ id, filename, pulpId }) => [id, { id, filename, pulpId }])).values()];
}

interface BlockedBy {
  readonly version: string;
  /** The release that is refused; null for all of them and for a file. In whatever spelling: installers take 1.0.0 for 1.0. */
  readonly blocked: string | null;
}

/** Packages added by a version for which it has another one with the same file name. */
export async function findSubstitutes(db: Queryable, version: Version): Promise<Refused[]> {
  const { repositoryId, number } = version;
  return await db.rows<Refused>(sql`${SELECT} from repository_content rc
    join python_package p on p.content_id = rc.content_id join content c on c.id = p.content_id
    where rc.repository_id = ${repositoryId} and rc.version_added = ${number} and rc.version_removed is null
      and exists (select 1 from python_package o join repository_content oc on oc.content_id = o.content_id
        where o.filename = p.filename and o.content_id <> p.content_id
          and oc.repository_id = ${repositoryId} and oc.version_removed is null)
    order by p.filename`);
}

/** Packages named by id whose file names the latest version has for others. */
export async function findConflicts(
  db: Queryable,
  repositoryId: number,
  pulpIds: readonly string[],
): Promise<Refused[]> {
  return await db.rows<Refused>(sql`${SELECT} from content c join python_package p on p.content_id = c.id
    where c.pulp_id = any(${pulpIds}::uuid[])
      and (exists (select 1 from python_package o join repository_content oc on oc.content_id = o.content_id
          where o.filename = p.filename and o.content_id <> p.content_id
            and oc.repository_id = ${repositoryId} and oc.version_removed is null)
        or exists (select 1 from python_package o join content a on a.id = o.content_id
          where o.filename = p.filename and o.content_id <> p.content_id and a.pulp_id = any(${pulpIds}::uuid[])))
    order by p.filename`);
}

/** Takes packages out of the version in the making and says so in the task. */
export async function dropRefused(
  draft: DraftContext,
  refused: readonly Refused[],
  report: { readonly message: string; readonly code: string },
): Promise<void> {
  await draft.remove(refused.map((one) => one.id));
  const suffix = refused.map((one) => `${one.filename} (${one.pulpId})`).join('; ');
  const progress = draft.progress({ ...report, total: refused.length, suffix });
  progress.add(refused.length);
  progress.finish();
}
