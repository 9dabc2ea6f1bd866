/** A sync from the look at upstream to its end: what upstream has becomes a version, and what is kept of it is noted. */
import type { IdList } from '../../lib/text/id-list.ts';
import { isAlternateRepository } from '../../model/content/alternate-source.ts';
import { openContentIds } from '../../model/repositories/membership.ts';
import { mergeRepositoryDetails } from '../../model/repositories/repository.ts';
import type {
  DeclaredUnits,
  OpenedSync,
  RepositorySync,
  SyncContext,
  SyncEnd,
} from '../../plugin-api/contracts/sync.ts';
import type { Version } from '../../plugin-api/contracts/version.ts';
import type { VersionEngine } from '../repository/versions/version-context.ts';
import { detailTables, type NewVersion, withNewVersion } from '../repository/versions/with-new-version.ts';
import { type PipelineOptions, runPipeline } from './run-pipeline.ts';
import type { SyncMeans } from './sync-context.ts';

/** What one run of the task has at hand. */
export interface Running extends SyncMeans {
  readonly context: SyncContext;
  readonly engine: VersionEngine;
  readonly sync: RepositorySync;
}

export interface Outcome {
  /** Null when there is no new one. */
  readonly made: Version | null;
  /** Made of the version the sync ended with. */
  readonly publication?: string | undefined;
}

export async function runSync(running: Running): Promise<Outcome> {
  const { context, sync } = running;
  const opened = await sync.open(context);
  if (opened === 'unchanged') return { made: reportSkipped(context) };
  return await takeOver(running, opened);
}

/** What upstream has becomes a version, unless the latest one has all of it. */
async function takeOver(running: Running, opened: OpenedSync): Promise<Outcome> {
  const { context, engine, sync } = running;
  const mirror = sync.mirrors ? sync.mirrors(context.options) : context.options.mirror === true;
  let end: SyncEnd = {};
  const made = await withNewVersion(context, engine, context.repository, async (version) => {
    const seen = await fill(running, version, opened.units);
    if (mirror) await removeOthers(context, version, seen);
    end = (await opened.end?.()) ?? {};
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

async function fill(running: Running, version: NewVersion, units: DeclaredUnits): Promise<IdList> {
  const { context, engine, remotes, temps } = running;
  const { remote, repository } = context;
  const { limits } = await remotes.downloader(remote.pulpId);
  const options: PipelineOptions = {
    context,
    version,
    remoteId: remote.pulpId,
    alternate: await isAlternateRepository(context.db, repository.pulpId),
    concurrency: limits.concurrency,
    temps,
    detailTables: detailTables(engine.types.repositoryType(repository.pulpType)),
    fetch: ({ remoteId, urls, ...wanted }) => remotes.fetch(remoteId, urls, wanted),
  };
  return await runPipeline(options, units);
}

/** A mirror has nothing that upstream has not. */
async function removeOthers(context: SyncContext, version: NewVersion, seen: IdList): Promise<void> {
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
