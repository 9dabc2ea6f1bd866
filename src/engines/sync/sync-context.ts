/** What a type is given for a sync: the repository, the remote, and means to fetch and to receive bytes. */
import { ValidationError } from '../../lib/errors.ts';
import { hasMissingArtifacts } from '../../model/content/content-artifact.ts';
import { isPublished } from '../../model/repositories/publication.ts';
import { findRemote } from '../../model/repositories/remote.ts';
import { latestVersion } from '../../model/repositories/repository-version.ts';
import type { Remote } from '../../plugin-api/contracts/remote.ts';
import type { RepositorySync, SyncContext } from '../../plugin-api/contracts/sync.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';
import type { Values } from '../../plugin-api/declare/field.ts';
import { contentTools } from '../repository/content-tools.ts';
import { requireRepository } from '../repository/require-repository.ts';
import type { TempPool } from '../repository/temp-pool.ts';
import type { OpenRemotes } from './open-remotes.ts';
import type { SubRepositories } from './sub-repositories.ts';

export interface SyncSource {
  /** pulp_id of the repository. */
  readonly repository: string;
  /** pulp_id of the remote. */
  readonly remote: string;
  readonly options?: Values;
  /** Instead of the remote's own URL. */
  readonly url?: string;
}

/** What is held while a sync runs. */
export interface SyncMeans {
  readonly remotes: OpenRemotes;
  readonly temps: TempPool;
  readonly parts: SubRepositories;
  readonly closings: AsyncDisposableStack;
}

/** Throws ValidationError for a repository or remote that is gone, Error for a remote that cannot be synced from. */
export async function openContext(
  context: TaskContext,
  sync: RepositorySync,
  source: SyncSource,
  { remotes, temps, parts, closings }: SyncMeans,
): Promise<SyncContext> {
  const repository = await requireRepository(context, source.repository);
  const remote = await requireRemote(context, sync, source);
  const latest = await latestVersion(context.db, repository.id);
  return {
    ...context,
    repository,
    remote,
    latest,
    options: source.options ?? {},
    deferred: remote.policy !== 'immediate',
    fetch: async (url, wanted) => temps.add(await remotes.fetch(remote.pulpId, [url].flat(), wanted ?? {})),
    fetchChanged: async (url, known, wanted) => {
      const file = await remotes.fetchChanged(remote.pulpId, url, known, wanted ?? {});
      return file && temps.add(file);
    },
    head: (url, headers) => remotes.head(remote.pulpId, url, headers),
    content: contentTools(context, temps),
    hasMissingArtifacts: () => hasMissingArtifacts(context.db, latest),
    isPublished: () => isPublished(context.db, latest.pulpId),
    subRepository: (name) => parts.open(repository, name),
    atEnd: (close) => closings.defer(close),
  };
}

async function requireRemote(context: TaskContext, sync: RepositorySync, source: SyncSource): Promise<Remote> {
  const remote = await findRemote(context.db, context.secrets, context.domain.id, source.remote);
  if (!remote) throw ValidationError.field('remote', 'Invalid hyperlink - Object does not exist.');
  if (!sync.remotes.includes(remote.pulpType)) {
    throw new Error(`A remote of type ${remote.pulpType} cannot be synced into this repository.`);
  }
  if (!remote.settings.url) throw new Error('A remote must have a url specified to synchronize.');
  return source.url === undefined ? remote : { ...remote, settings: { ...remote.settings, url: source.url } };
}
