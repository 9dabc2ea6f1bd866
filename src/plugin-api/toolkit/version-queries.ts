/** Filter conditions on repositories and versions that requests name by href or PRN. */

import type { Queryable } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { ValidationError } from '../../lib/errors.ts';
import { UUID } from '../../lib/text/uuid.ts';
import { inVersion } from '../../model/repositories/membership.ts';
import type { RequestContext } from '../contracts/context.ts';

const ID = `(${UUID})`;
const VERSION_HREF = new RegExp(`/repositories/[^/]+/[^/]+/${ID}/versions/(\\d+)/?$`, 'i');
const REPOSITORY_HREF = new RegExp(`/repositories/[^/]+/[^/]+/${ID}/?$`, 'i');
const VERSION_PRN = new RegExp(`^prn:core\\.repositoryversion:${ID}$`, 'i');
const REPOSITORY_PRN = new RegExp(
  `^prn:[a-z0-9_]+\\.[a-z0-9_]*repository[a-z0-9_]*:${ID}$|^prn:core\\.openpgpkeyring:${ID}$`,
  'i',
);

/** A repository version by the keys of its rows. */
export interface VersionKey {
  /** bigint id of the repository. */
  readonly repositoryId: number;
  readonly number: number;
  readonly pulpId: string;
}

/** Has nothing, and is in no repository. */
const NO_VERSION: VersionKey = { repositoryId: 0, number: 0, pulpId: '00000000-0000-0000-0000-000000000000' };

/**
 * The version an href or PRN names; a repository stands for its latest. 400 when there is none. Who may not see everything learns
 * nothing of what is hidden: for them a version that is not there has no content either.
 */
export async function findVersion(filter: string, value: string, request: RequestContext): Promise<VersionKey> {
  const found =
    await request.db.row<VersionKey>(sql`select v.repository_id as "repositoryId", v.number, v.pulp_id as "pulpId"
    from repository_version v join repository r on r.id = v.repository_id
    where v.complete and r.domain_id = ${request.domain.id} and ${versionCondition(filter, value)}${seenOnly(request, 'r')}
    order by v.number desc limit 1`);
  if (found) return found;
  if (request.visible) return NO_VERSION;
  throw new ValidationError([`URI ${value} not found for ${wordFor(value, request)}.`]);
}

/** What the caller may not see is as if it were not there. */
function seenOnly(request: RequestContext, alias: string): Sql {
  const seen = request.visible?.('repository', alias);
  return seen ? sql` and ${seen}` : sql.empty;
}

/** Pulp names the kind of object that is not there. */
function wordFor(value: string, { services }: RequestContext): string {
  if (VERSION_HREF.test(value) || VERSION_PRN.test(value)) return 'repositoryversion';
  const label = /^prn:[^.]+\.([^:]+):/.exec(value)?.[1];
  if (label) return label;
  const path = /(repositories\/[^/]+\/[^/]+)\//.exec(value)?.[1];
  return (path && services.models.byPath(path)?.name.toLowerCase()) || 'repository';
}

function versionCondition(filter: string, value: string): Sql {
  const href = VERSION_HREF.exec(value);
  if (href) return sql`r.pulp_id = ${href[1]} and v.number = ${Number(href[2])}`;
  const prn = VERSION_PRN.exec(value);
  if (prn) return sql`v.pulp_id = ${prn[1]}`;
  return sql`r.pulp_id = ${requireRepository(filter, value)}`;
}

function requireRepository(filter: string, value: string): string {
  const found = REPOSITORY_HREF.exec(value) ?? REPOSITORY_PRN.exec(value);
  const id = found?.[1] ?? found?.[2];
  if (value === '')
    throw new ValidationError([
      `No value supplied for ${filter.includes('version') ? 'repository version' : 'repository'} filter`,
    ]);
  if (!id) throw new ValidationError([`URI not valid: ${value}`]);
  return id;
}

/** Condition on a column that holds repository ids. */
export async function repositoryIdCondition(
  filter: string,
  value: string,
  request: RequestContext,
  column: Sql,
): Promise<Sql> {
  const id = requireRepository(filter, value);
  const found = await request.db.row(
    sql`select 1 from repository where pulp_id = ${id} and domain_id = ${request.domain.id}${seenOnly(request, 'repository')}`,
  );
  if (!found) throw new ValidationError([`URI ${value} not found for repository.`]);
  return sql`${column} = ${id}`;
}

/** Condition on a column that holds version ids. */
export async function versionIdCondition(
  filter: string,
  value: string,
  request: RequestContext,
  column: Sql,
): Promise<Sql> {
  return sql`${column} = ${(await findVersion(filter, value, request)).pulpId}`;
}

/** Id of the newest complete version of a repository. */
export async function latestVersionOf(db: Queryable, repositoryPulpId: string): Promise<string> {
  const row = await db.row<{
    pulp_id: string;
  }>(sql`select v.pulp_id from repository_version v join repository r on r.id = v.repository_id
    where r.pulp_id = ${repositoryPulpId} and v.complete order by v.number desc limit 1`);
  return row!.pulp_id;
}

/** Condition that the unit `column` (a content id) is in a version. */
export function memberOf(version: VersionKey, column: Sql): Sql {
  return sql`exists (select 1 from repository_content rc where ${inVersion(version)} and rc.content_id = ${column})`;
}
