/** The task that syncs a repository from a remote: what the plugin finds upstream becomes a new version. */
import type { DigestName } from '../../lib/crypto/digest.ts';
import { ValidationError } from '../../lib/errors.ts';
import { isAlternateRepository } from '../../model/content/alternate-source.ts';
import { hasMissingArtifacts } from '../../model/content/content-artifact.ts';
import { openContentIds } from '../../model/repositories/membership.ts';
import { findRemote } from '../../model/repositories/remote.ts';
import { mergeRepositoryDetails } from '../../model/repositories/repository.ts';
import { latestVersion } from '../../model/repositories/repository-version.ts';
import type { Remote } from '../../plugin-api/contracts/remote.ts';
import type { RepositoryType } from '../../plugin-api/contracts/repository.ts';
import type { RepositorySync, SyncContext, SyncEnd } from '../../plugin-api/contracts/sync.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import type { Version } from '../../plugin-api/contracts/version.ts';
import type { Values } from '../../plugin-api/declare/field.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { Expected } from '../../storage/body.ts';
import { presentVersion, requireRepository } from '../repository/versions/modify-task.ts';
import type { VersionEngine } from '../repository/versions/version-context.ts';
import { detailTables, type NewVersion, withNewVersion } from '../repository/versions/with-new-version.ts';
import { type AlternateArgs, openAlternate } from './alternate-sync.ts';
import { OpenRemotes } from './open-remotes.ts';
import { recordSync } from './record-sync.ts';
import { type PipelineResult, runPipeline } from './run-pipeline.ts';
import type { Declarations } from './stages/declare-units.ts';
import { TempPool } from './temp-pool.ts';

export interface SyncArgs {
  readonly repository: string;
  readonly remote: string;
  readonly options?: Values;
  /** Instead of the remote's own URL. */
  readonly url?: string;
  /** For which item of a replication is synced, by id, and whether its version needs a publication to be served. */
  readonly record?: { readonly item: number; readonly publish: boolean };
}

interface Outcome {
  /** Null when there is no new one. */
  readonly made: Version | null;
  /** Made of the version the sync ended with. */
  readonly publication?: string | undefined;
}

export function syncTask(engine: VersionEngine, type: RepositoryType & { sync: RepositorySync }): TaskFunction {
  return {
    name: type.sync.taskName,
    async run(context, args: SyncArgs | AlternateArgs) {
      if (!('source_path' in args)) return await syncRepository(context, engine, type.sync, args);
      await syncRepository(context, engine, type.sync, await openAlternate(context, type.pulpType, args));
      return null;
    },
  };
}

/** Answers the version on the wire, or null when there is no new one. */
async function syncRepository(
  given: TaskContext,
  engine: VersionEngine,
  sync: RepositorySync,
  args: SyncArgs,
): Promise<unknown> {
  const failure = new AbortController();
  const context: TaskContext = { ...given, signal: AbortSignal.any([given.signal, failure.signal]) };
  const remotes = new OpenRemotes(context);
  const temps = new TempPool(context.storage(context.domain));
  try {
    const target = await openSync(context, sync, args, remotes, temps);
    const { made, publication } = await runSync(target, engine, sync, remotes, temps);
    if (args.record !== undefined) {
      await recordSync(target, engine, { ...args.record, version: made ?? target.latest, publication });
    }
    return await presentVersion(context, made);
  } finally {
    failure.abort(new Error('The sync has ended'));
    await remotes.close();
    await temps.discard();
  }
}

async function openSync(
  context: TaskContext,
  sync: RepositorySync,
  args: SyncArgs,
  remotes: OpenRemotes,
  temps: TempPool,
): Promise<SyncContext> {
  const repository = await requireRepository(context, args.repository);
  const remote = await requireRemote(context, sync, args);
  const latest = await latestVersion(context.db, repository.id);
  return {
    ...context,
    repository,
    remote,
    latest,
    options: args.options ?? {},
    deferred: remote.policy !== 'immediate',
    fetch: async (url, expected) => temps.add(await remotes.fetch(remote.pulpId, url, expected ?? {})),
    receive: async (source, expected) => temps.add(await receive(context, source, expected)),
    hasMissingArtifacts: () => hasMissingArtifacts(context.db, latest),
  };
}

async function receive(
  { storage, domain, settings, signal }: TaskContext,
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  expected: Expected | undefined,
): Promise<TempArtifact> {
  const digests = settings.allowedContentChecksums as DigestName[];
  return await storage(domain).receive(source, { digests, expected, signal });
}

async function requireRemote(context: TaskContext, sync: RepositorySync, args: SyncArgs): Promise<Remote> {
  const remote = await findRemote(context.db, context.secrets, context.domain.id, args.remote);
  if (!remote) throw ValidationError.field('remote', 'Invalid hyperlink - Object does not exist.');
  if (!sync.remotes.includes(remote.pulpType)) {
    throw new Error(`A remote of type ${remote.pulpType} cannot be synced into this repository.`);
  }
  if (!remote.settings.url) throw new Error('A remote must have a url specified to synchronize.');
  return args.url === undefined ? remote : { ...remote, settings: { ...remote.settings, url: args.url } };
}

async function runSync(
  context: SyncContext,
  engine: VersionEngine,
  sync: RepositorySync,
  remotes: OpenRemotes,
  temps: TempPool,
): Promise<Outcome> {
  const generator = sync.run(context);
  const first = await generator.next();
  if (first.done && first.value.skipped) return { made: reportSkipped(context) };
  const mirror = sync.mirrors ? sync.mirrors(context.options) : context.options.mirror === true;
  let end: SyncEnd = {};
  const made = await withNewVersion(context, engine, context.repository, async (version) => {
    const result = await fill(context, engine, version, remotes, temps, first, generator);
    if (mirror) await removeOthers(context, version, result);
    end = result.end;
  });
  await keepDetails(context, end, made ?? context.latest);
  return { made, publication: await publishEnd(context, engine, end, made ?? context.latest) };
}

function reportSkipped(context: SyncContext): null {
  const report = context.progress({
    message: 'Skipping Sync (no change from previous sync)',
    code: 'sync.was_skipped',
    total: 1,
  });
  report.add(1);
  report.finish();
  return null;
}

async function fill(
  context: SyncContext,
  engine: VersionEngine,
  version: NewVersion,
  remotes: OpenRemotes,
  temps: TempPool,
  first: Awaited<ReturnType<Declarations['next']>>,
  generator: Declarations,
): Promise<PipelineResult> {
  const { remote } = context;
  const { limits } = await remotes.downloader(remote.pulpId);
  return await runPipeline(
    {
      context,
      version,
      remoteId: remote.pulpId,
      alternate: await isAlternateRepository(context.db, context.repository.pulpId),
      concurrency: limits.concurrency,
      temps,
      detailTables: detailTables(engine.types.repositoryType(context.repository.pulpType)),
      fetch: ({ remoteId, url, ...expected }) => remotes.fetch(remoteId, url, expected),
    },
    first,
    generator,
  );
}

/** A mirror has nothing that upstream has not. */
async function removeOthers(context: SyncContext, version: NewVersion, { seen }: PipelineResult): Promise<void> {
  const report = context.progress({ message: 'Un-Associating Content', code: 'unassociating.content' });
  for await (const batch of openContentIds(context.db, context.repository.id)) {
    const gone = batch.filter((id) => !seen.has(id));
    if (gone.length > 0) report.add(await version.remove(gone));
  }
  report.finish();
}

async function keepDetails(context: SyncContext, end: SyncEnd, version: Version): Promise<void> {
  if (!end.details) return;
  const details = end.details(version.number);
  await context.write((tx) => mergeRepositoryDetails(tx, context.repository.id, { last_sync_details: details }));
}

async function publishEnd(
  context: SyncContext,
  engine: VersionEngine,
  end: SyncEnd,
  version: Version,
): Promise<string | undefined> {
  if (!end.publish) return undefined;
  const { repository } = context;
  const { publicationType } = engine.types.repositoryType(repository.pulpType);
  if (publicationType === undefined)
    throw new Error(`Repositories of type ${repository.pulpType} have no publications`);
  return await engine.publish(context, { version, repository, type: publicationType, values: {}, build: end.publish });
}
