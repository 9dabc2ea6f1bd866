/** A sync from the look at upstream to its end: what upstream has becomes a version, and what is kept of it is noted. */
import { isAlternateRepository, isSourceRemote } from '../../model/content/alternate-source.ts';
import { mergeRepositoryDetails } from '../../model/repositories/repository.ts';
import type {
  DeclaredUnits,
  OpenedSync,
  RepositorySync,
  Skipped,
  SyncContext,
  SyncEnd,
  SyncedUnits,
} from '../../plugin-api/contracts/sync.ts';
import type { Repository, Version } from '../../plugin-api/contracts/version.ts';
import type { VersionEngine } from '../repository/versions/version-context.ts';
import { detailTables, type NewVersion, withNewVersions } from '../repository/versions/with-new-version.ts';
import { FillReports } from './fill-reports.ts';
import { removeOthers } from './remove-others.ts';
import { type PipelineOptions, runPipeline } from './run-pipeline.ts';
import type { SyncMeans } from './sync-context.ts';

/** What one run of the task has at hand. */
interface Running extends SyncMeans {
  readonly context: SyncContext;
  readonly engine: VersionEngine;
  readonly sync: RepositorySync;
  /** How much of its units a mirror may lose, in percent. */
  readonly bound: number;
}

export interface Outcome {
  /** Null when there is no new one. */
  readonly made: Version | null;
  /** Made of the version the sync ended with. */
  readonly publication?: string | undefined;
}

export async function runSync(running: Running): Promise<Outcome> {
  const { context, sync, parts } = running;
  const opened = await sync.open(context);
  if (opened === 'unchanged' || 'unchanged' in opened) {
    reportSkipped(context, opened === 'unchanged' ? {} : opened.unchanged);
    return { made: null };
  }
  if (opened.skipped) reportSkipped(context, opened.skipped);
  const outcome = await takeOver(running, opened);
  await parts.keepAsked(context.repository.id);
  return outcome;
}

function reportSkipped(context: SyncContext, { code, message, parts = 1, of = parts }: Skipped): void {
  const report = context.progress({
    message: message ?? 'Skipping Sync (no change from previous sync)',
    code: code ?? 'sync.was_skipped',
    total: of,
  });
  report.add(parts);
  report.finish();
}

/** One of the repositories that a sync fills. */
interface Target extends Partial<SyncedUnits> {
  readonly repository: Repository;
  readonly latest: Version;
}

interface Filled extends Target {
  readonly ended: SyncEnd;
  /** Null when the latest one has all that upstream has. */
  readonly made: Version | null;
}

/** What upstream has becomes versions, of the parts first: they become visible together. */
async function takeOver(running: Running, opened: OpenedSync): Promise<Outcome> {
  const { context, engine } = running;
  const whole: Target = { ...opened, repository: context.repository, latest: context.latest };
  const targets: Target[] = [...(opened.parts ?? []).map((part) => ({ ...part.into, ...part })), whole];
  const filled = await fillAll(running, targets);
  await keepDetails(context, filled);
  const { made, latest, ended } = filled.at(-1)!;
  return { made, publication: await publishEnd(context, engine, ended, made ?? latest) };
}

async function fillAll(running: Running, targets: readonly Target[]): Promise<Filled[]> {
  const { context, engine } = running;
  const reports = new FillReports(context);
  const filled: { target: Target; ended: SyncEnd }[] = [];
  const withUnits = targets.filter(({ units }) => units);
  try {
    const made = await withNewVersions(context, engine, async (begin) => {
      for (const target of targets) {
        const { repository, units, spares } = target;
        if (units) {
          const version = await begin(repository, { unseen: repository.id !== context.repository.id });
          await fill(running, reports, version, { repository, units, spares });
        }
        filled.push({ target, ended: (await target.end?.()) ?? {} });
      }
      reports.finish();
    });
    const versions = new Map(withUnits.map((target, at) => [target, made[at]!]));
    return filled.map(({ target, ended }) => ({ ...target, ended, made: versions.get(target) ?? null }));
  } catch (error) {
    reports.fail();
    throw error;
  }
}

async function fill(
  running: Running,
  reports: FillReports,
  version: NewVersion,
  { repository, units, spares }: Pick<Target, 'repository' | 'spares'> & { readonly units: DeclaredUnits },
): Promise<void> {
  const { context, engine, remotes, temps, sync } = running;
  const { remote, options } = context;
  const { limits } = await remotes.downloader(remote.pulpId);
  const isHidden = await isAlternateRepository(context.db, repository.pulpId);
  const pipeline: PipelineOptions = {
    context,
    version,
    remoteId: remote.pulpId,
    alternate: isHidden || (await isSourceRemote(context.db, remote.pulpId)),
    concurrency: limits.concurrency,
    temps,
    reports,
    detailTables: detailTables(engine.types.repositoryType(repository.pulpType)),
    fetch: ({ remoteId, urls, ...wanted }) => remotes.fetch(remoteId, urls, wanted),
  };
  const seen = await runPipeline(pipeline, units);
  const mirror = sync.mirrors ? sync.mirrors(options) : options.mirror === true;
  if (!mirror) return;
  // What an alternate source lists is nobody's content.
  const bound = isHidden ? 100 : running.bound;
  await removeOthers(context, version, { seen, bound, report: reports.removed, spares });
}

async function keepDetails(context: SyncContext, filled: readonly Filled[]): Promise<void> {
  const told = filled.flatMap(({ repository, latest, made, ended }) =>
    ended.details ? [{ id: repository.id, details: ended.details((made ?? latest).number) }] : [],
  );
  if (told.length === 0) return;
  await context.write(async (tx) => {
    for (const { id, details } of told) await mergeRepositoryDetails(tx, id, { last_sync_details: details });
  });
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
