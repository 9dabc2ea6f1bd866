/** Runs the stages of a sync over what a plugin declares, into a version in the making. */
import { forEachConcurrent } from '../../lib/flow/map-concurrent.ts';
import { IdList } from '../../lib/text/id-list.ts';
import { refreshStatistics } from '../../model/refresh-statistics.ts';
import type { DeclaredUnits } from '../../plugin-api/contracts/sync.ts';
import type { ProgressReport } from '../../plugin-api/contracts/task.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import { saveReceived } from '../repository/save-received.ts';
import type { TempPool } from '../repository/temp-pool.ts';
import { Flow } from './flow.ts';
import { alternateSourcesStage } from './stages/alternate-sources.ts';
import { declareUnits } from './stages/declare-units.ts';
import { downloadStage, type Wanted } from './stages/download.ts';
import { findArtifactsStage } from './stages/find-artifacts.ts';
import { saveArtifactsStage } from './stages/save-artifacts.ts';
import { type SaveTarget, saveBatch } from './stages/save-content.ts';
import type { SyncUnit } from './units.ts';

/** Units declared ahead of the database. */
const AHEAD = 4000;
/** Units looked up and saved together: large enough that round trips do not count, small enough for short transactions. */
const BATCH = 2000;
/** Units after which the planner should know of new tables. */
const WORTH_STATISTICS = 10_000;
/** Batches saved at once. */
const SAVERS = 2;
/** Downloaded units that wait to be saved, where the setting does not tell. */
const IN_FLIGHT = 1000;

export interface PipelineOptions extends SaveTarget {
  readonly fetch: (wanted: Wanted) => Promise<TempArtifact>;
  readonly concurrency: number;
  readonly temps: TempPool;
  readonly reports: SyncReports;
  /** Tables of the content types of the repository. */
  readonly detailTables: readonly string[];
}

/** What the stages have done, in all repositories of the sync. */
interface SyncReports {
  readonly downloads: ProgressReport;
  readonly associated: ProgressReport;
}

/** Answers the ids of all units upstream has. */
export async function runPipeline(options: PipelineOptions, units: DeclaredUnits): Promise<IdList> {
  const { context, temps, reports } = options;
  const flow = new Flow();
  const seen = new IdList();
  try {
    const declared = flow.run<SyncUnit>(AHEAD, (channel) => declareUnits(units, channel));
    const found = flow.join(findArtifactsStage(context.db, context.domain.id, declared.batches(BATCH)), 1);
    const sourced = flow.join(alternateSourcesStage(context.db, context.domain.id, found), 1);
    const fetched = flow.run<SyncUnit>(AHEAD, (channel) =>
      downloadStage(
        downloadOptions(options, () => reports.downloads.add(1)),
        sourced,
        channel,
      ),
    );
    const save = async (received: readonly TempArtifact[]) => {
      const saved = await saveReceived(context, context.domain, received);
      temps.forget(received);
      return saved;
    };
    const stored = flow.join(saveArtifactsStage(save, fetched), 1);
    const saveUnits = async (batch: SyncUnit[]) => {
      const before = seen.length;
      reports.associated.add(await saveBatch(options, batch, (id) => seen.add(id)));
      if (before < WORTH_STATISTICS && seen.length >= WORTH_STATISTICS) {
        await refreshStatistics(context.db, options.detailTables);
      }
    };
    await forEachConcurrent(stored, SAVERS, saveUnits);
  } finally {
    await flow.end();
  }
  return seen;
}

function downloadOptions(options: PipelineOptions, fetched: () => void) {
  const { context, concurrency, remoteId, temps } = options;
  return {
    remoteId,
    concurrency,
    items: context.settings.syncMaxInFlightItems ?? IN_FLIGHT,
    mebibytes: context.settings.syncMaxInFlightMb,
    fetched,
    fetch: async (wanted: Wanted) => temps.add(await options.fetch(wanted)),
    warn: (message: string) => context.logger.warn({}, message),
  };
}
