/** Refreshing a path of an alternate content source: a sync into a hidden repository that lists what the source has. */
import type { Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { ValidationError } from '../../lib/errors.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';
import { findRemote } from '../../model/repositories/remote.ts';
import { insertFirstVersion } from '../../model/repositories/repository-version.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';

export interface AlternateArgs {
  /** pulp_id of the path. */
  readonly source_path: string;
  readonly remote: string;
}

export interface AlternateTarget {
  readonly repository: string;
  readonly remote: string;
  readonly url: string;
}

interface SourcePath {
  readonly path: string;
  readonly repository_id: string | null;
  readonly name: string;
}

/** The hidden repository, made when the path has none, and the URL of the path. */
export async function openAlternate(
  context: TaskContext,
  repositoryType: string,
  args: AlternateArgs,
): Promise<AlternateTarget> {
  const { domain } = context;
  const remote = await findRemote(context.db, context.secrets, domain.id, args.remote);
  if (!remote) throw ValidationError.field('remote', 'Invalid hyperlink - Object does not exist.');
  return await context.write(async (tx) => {
    const source = await tx.row<SourcePath>(sql`
      select p.path, p.repository_id, s.name from alternate_content_source_path p
        join alternate_content_source s on s.pulp_id = p.source_id
        where p.pulp_id = ${args.source_path} and s.domain_id = ${domain.id} for update of p`);
    if (!source) throw new Error('The alternate content source does not exist any more');
    const repository =
      source.repository_id ?? (await makeHidden(tx, domain.id, repositoryType, args.source_path, source));
    return { repository, remote: args.remote, url: urlOf(remote.settings.url, source.path) };
  });
}

async function makeHidden(
  tx: Transaction,
  domainId: number,
  repositoryType: string,
  pathId: string,
  { name }: SourcePath,
): Promise<string> {
  const row = await tx.row<{ id: number; pulp_id: string }>(sql`
    insert into repository (pulp_id, domain_id, pulp_type, name, retain_repo_versions, user_hidden)
      values (${uuid7()}, ${domainId}, ${repositoryType}, ${`${name}--${pathId}--repository`}, 1, true)
      returning id, pulp_id`);
  await insertFirstVersion(tx, row!.id);
  await tx.run(sql`update alternate_content_source_path set repository_id = ${row!.pulp_id} where pulp_id = ${pathId}`);
  return row!.pulp_id;
}

function urlOf(base: string, path: string): string {
  return path === '' ? base : `${base.replace(/\/$/, '')}/${path}`;
}
