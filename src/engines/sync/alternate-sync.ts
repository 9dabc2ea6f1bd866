/** Refreshing a path of an alternate content source: a sync into a hidden repository that lists what the source has. */
import { ValidationError } from '../../lib/errors.ts';
import { lockSourcePath, makeHiddenRepository, noteAlternates } from '../../model/content/alternate-source.ts';
import { findRemote } from '../../model/repositories/remote.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';

export interface AlternateArgs {
  /** pulp_id of the path. */
  readonly source_path: string;
  readonly remote: string;
}

interface AlternateTarget {
  readonly repository: string;
  readonly remote: string;
  readonly url: string;
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
    const source = await lockSourcePath(tx, domain.id, args.source_path);
    if (!source) throw new Error('The alternate content source does not exist any more');
    await noteAlternates(tx, args.remote);
    const repository = source.repositoryId ?? (await makeHiddenRepository(tx, domain.id, repositoryType, source));
    return { repository, remote: args.remote, url: urlOf(remote.settings.url, source.path) };
  });
}

function urlOf(base: string, path: string): string {
  return path === '' ? base : `${base.replace(/\/$/, '')}/${path}`;
}
